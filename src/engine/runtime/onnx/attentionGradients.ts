import type { AttentionGradient } from '../../model/gradientNetwork.ts';
import type { AttentionOperation } from '../../model/network.ts';
import { Arithmetic } from './activationGradients.ts';
import { AttentionNodes } from './attentionNodes.ts';
import type { FeedInputs } from './feedInputs.ts';
import type { OnnxGraph } from './onnxGraph.ts';
import type { Values } from './values.ts';

/** Lowers the rule of attention to nodes of a graph; probabilities are computed again rather than kept. */
export class AttentionGradients {
  readonly #graph: OnnxGraph;
  readonly #arithmetic: Arithmetic;
  readonly #inputs: FeedInputs;
  readonly #values: Values;
  readonly #forward: AttentionNodes;

  constructor(graph: OnnxGraph, inputs: FeedInputs, values: Values) {
    this.#graph = graph;
    this.#arithmetic = new Arithmetic(graph);
    this.#inputs = inputs;
    this.#values = values;
    this.#forward = new AttentionNodes(graph, inputs);
  }

  lower({ attention, gradient, output, queryOutput }: AttentionGradient): void {
    const received = this.#values.one(gradient);
    if (attention.query === undefined) {
      this.#values.set(output, this.#all(this.#values.parts(attention.input, 3), received, attention));
      return;
    }
    const query = this.#values.one(attention.query);
    const [queries, ...rest] = this.#first(query, this.#values.parts(attention.input, 2), received, attention);
    this.#values.set(output, rest);
    if (queryOutput !== undefined) this.#values.set(queryOutput, [queries!]);
  }

  #all(qkv: readonly string[], received: string, operation: AttentionOperation): string[] {
    const { scale, window, heads, headSize } = operation;
    const names = this.#inputs.gradientGrid(window);
    const graph = this.#graph;
    const math = this.#arithmetic;
    const { query, key, shares } = this.#forward.probabilities(qkv, operation);
    const value = this.#forward.tiles(qkv[2]!, names.keyRows, names.keyShape, operation);
    const padded = graph.node('Concat', [received, zeroRow(graph, heads * headSize)], { axis: 0 });
    const output = this.#forward.tiles(padded, names.gradientRows, names.queryShape, operation);
    const dShares = math.product(output, value, { transB: 1 });
    const dScores = this.#softmaxGradient(shares, dShares);
    const dQuery = this.#rows(math.product(dScores, key, { alpha: scale }), operation);
    const dKey = this.#rows(math.product(dScores, query, { alpha: scale, transA: 1 }), operation);
    const dValue = this.#rows(math.product(shares, output, { transA: 1 }), operation);
    return [
      graph.node('Gather', [dQuery, names.outputRows], { axis: 0 }),
      this.#fromKeys(dKey, names.keyCells, names.keyMask),
      this.#fromKeys(dValue, names.keyCells, names.keyMask),
    ];
  }

  /** `P ∘ (dP - rowsum(P ∘ dP))`. */
  #softmaxGradient(shares: string, dShares: string): string {
    const math = this.#arithmetic;
    const weighted = math.times(shares, dShares);
    return math.minus(weighted, math.times(shares, math.sum(weighted, -1, true)));
  }

  /** Back to one row a cell, `[tiles · rows, heads · headSize]`. */
  #rows(tiles: string, { heads, headSize }: AttentionOperation): string {
    const rows = this.#graph.node('Transpose', [tiles], { perm: [0, 2, 1, 3] });
    return this.#graph.node('Reshape', [rows, this.#graph.integers([-1, heads * headSize])]);
  }

  /** Adds up what the key cells of each row received. */
  #fromKeys(cells: string, keyCells: string, keyMask: string): string {
    const math = this.#arithmetic;
    return math.sum(math.times(this.#graph.node('Gather', [cells, keyCells], { axis: 0 }), keyMask), 0, false);
  }

  /** dq, dk and dv of attention that only first tokens ask for: the same rule along rows. */
  #first(query: string, keysAndValues: readonly string[], received: string, operation: AttentionOperation): string[] {
    const { heads, headSize, scale } = operation;
    const [key, value] = keysAndValues as [string, string];
    const graph = this.#graph;
    const math = this.#arithmetic;
    const sequences = this.#inputs.row('sequences');
    const sum = this.#inputs.row('sum');
    const byHead = (rows: string): string => graph.node('Reshape', [rows, graph.integers([-1, heads, headSize])]);
    const flat = (rows: string): string => graph.node('Reshape', [rows, graph.integers([-1, heads * headSize])]);
    const spread = (rows: string): string => graph.node('Gather', [rows, sequences], { axis: 0 });

    const shares = this.#forward.firstWeights(query, key, operation);
    const output = spread(received);
    const dValue = flat(math.times(byHead(output), shares));
    const dShares = math.sum(byHead(math.times(value, output)), 2, true);
    const weighted = math.times(shares, dShares);
    const total = graph.node('MatMul', [sum, graph.node('Reshape', [weighted, graph.integers([-1, heads])])]);
    const totals = graph.node('Reshape', [spread(total), graph.integers([-1, heads, 1])]);
    const dScores = math.times(math.minus(weighted, math.times(shares, totals)), scale);
    const dKey = flat(math.times(byHead(spread(query)), dScores));
    const dQuery = graph.node('MatMul', [sum, flat(math.times(byHead(key), dScores))]);
    return [dQuery, dKey, dValue];
  }
}

/** A row of zeros, for those whose index says that there is none. */
export function zeroRow(graph: OnnxGraph, width: number): string {
  const name = `zero_row_${width}`;
  return graph.has(name) ? name : graph.constant(name, 'float32', [1, width], new Float32Array(width));
}
