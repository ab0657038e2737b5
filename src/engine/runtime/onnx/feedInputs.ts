import { feedNames, type Rotary } from './feedNames.ts';
import type { Dimension, ElementType, OnnxGraph } from './onnxGraph.ts';

/** What has to be fed to a graph beside trained weights. A window of `undefined` is all of the sequence. */
export interface FeedPlan {
  readonly rows: ReadonlySet<RowFeed>;
  readonly rotaries: readonly Rotary[];
  readonly grids: readonly (number | undefined)[];
  /** Those of the grids that are fed row by row even where the rows lie in order. */
  readonly explicitGrids: readonly (number | undefined)[];
  /** Those of the explicit grids that also say where gradients go. */
  readonly gradientGrids: readonly (number | undefined)[];
  /** Grids of attention which only first tokens ask for. */
  readonly firstGrids: readonly (number | undefined)[];
}

const rowFeeds = {
  ids: { type: 'int32', shape: ['T'] },
  positions: { type: 'int64', shape: ['T', 1] },
  types: { type: 'int32', shape: ['T'] },
  mean: { type: 'float32', shape: ['B', 'T'] },
  sum: { type: 'float32', shape: ['B', 'T'] },
  first: { type: 'int32', shape: ['B'] },
  sequences: { type: 'int32', shape: ['T'] },
  firstSequences: { type: 'int32', shape: ['T'] },
  shares: { type: 'float32', shape: ['B', 1] },
  selected: { type: 'int32', shape: ['M'] },
  selectedPlaces: { type: 'int32', shape: ['T'] },
  targets: { type: 'int32', shape: ['M', 1] },
  targetShares: { type: 'float32', shape: ['M', 1] },
} as const satisfies Record<string, { readonly type: ElementType; readonly shape: readonly Dimension[] }>;

export type RowFeed = keyof typeof rowFeeds;

/** Declares the inputs of a graph, each once, and keeps account of what has to be fed. */
export class FeedInputs {
  readonly #graph: OnnxGraph;
  readonly #rows = new Set<RowFeed>();
  readonly #rotaries = new Map<string, Rotary>();
  readonly #grids = new Set<number | undefined>();
  readonly #explicitGrids = new Set<number | undefined>();
  readonly #gradientGrids = new Set<number | undefined>();
  readonly #firstGrids = new Set<number | undefined>();

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
  }

  get plan(): FeedPlan {
    return {
      rows: this.#rows,
      rotaries: [...this.#rotaries.values()],
      grids: [...this.#grids],
      explicitGrids: [...this.#explicitGrids],
      gradientGrids: [...this.#gradientGrids],
      firstGrids: [...this.#firstGrids],
    };
  }

  /** Something with a value for each token or sequence. */
  row(name: RowFeed): string {
    const { type, shape } = rowFeeds[name];
    if (!this.#rows.has(name)) this.#graph.input(feedNames[name], type, shape);
    this.#rows.add(name);
    return feedNames[name];
  }

  rotary({ theta, headSize }: Rotary): { readonly cos: string; readonly sin: string } {
    const rotary = { theta, headSize };
    const names = { cos: feedNames.cos(rotary), sin: feedNames.sin(rotary) };
    if (!this.#rotaries.has(names.cos)) {
      this.#rotaries.set(names.cos, rotary);
      for (const name of [names.cos, names.sin]) this.#graph.input(name, 'float32', ['positions', headSize / 2]);
    }
    return names;
  }

  grid(window: number | undefined): ReturnType<typeof feedNames.grid> {
    const names = feedNames.grid(window);
    if (this.#grids.has(window)) return names;
    this.#grids.add(window);
    for (const name of [names.gathered, names.biased]) this.#graph.input(name, 'bool', []);
    for (const name of [names.queryShape, names.keyShape]) this.#graph.input(name, 'int64', [3]);
    for (const name of [names.queryRows, names.keyRows, names.outputRows]) {
      this.#graph.input(name, 'int32', [`${name}_count`]);
    }
    this.#graph.input(names.bias, 'float32', [`${names.bias}_tiles`, 1, `${names.bias}_queries`, `${names.bias}_keys`]);
    return names;
  }

  explicitGrid(window: number | undefined): ReturnType<typeof feedNames.grid> {
    this.#explicitGrids.add(window);
    return this.grid(window);
  }

  gradientGrid(window: number | undefined): ReturnType<typeof feedNames.grid> {
    const names = this.explicitGrid(window);
    if (this.#gradientGrids.has(window)) return names;
    this.#gradientGrids.add(window);
    this.#graph.input(names.gradientRows, 'int32', [`${names.gradientRows}_count`]);
    this.#graph.input(names.keyCells, 'int32', [`${names.keyCells}_slots`, 'T']);
    this.#graph.input(names.keyMask, 'float32', [`${names.keyCells}_slots`, 'T', 1]);
    return names;
  }

  firstGrid(window: number | undefined): ReturnType<typeof feedNames.firstGrid> {
    const names = feedNames.firstGrid(window);
    if (this.#firstGrids.has(window)) return names;
    this.#firstGrids.add(window);
    for (const name of [names.keyRows, names.cells]) this.#graph.input(name, 'int32', [`${name}_count`]);
    this.#graph.input(names.shape, 'int64', [3]);
    this.#graph.input(names.bias, 'float32', ['B', 'longest', 1]);
    return names;
  }
}
