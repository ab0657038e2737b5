import type { AttentionOperation } from '../../model/network.ts';
import { feedNames } from './feedNames.ts';
import { microsoft, OnnxGraph } from './onnxGraph.ts';

/** Adds attention to a graph, and the inputs that say which rows see which. */
export class AttentionNodes {
  /** The distinct windows of attention; `undefined` stands for all of the sequence. */
  readonly grids = new Set<number | undefined>();
  /** Those of attention which only first tokens ask for. */
  readonly firstGrids = new Set<number | undefined>();
  readonly #graph: OnnxGraph;
  #branches = 0;

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
  }

  /** Attention of all tokens; the grid decides at run time whether rows are gathered and masked. */
  all(qkv: readonly string[], { heads, headSize, scale, window }: AttentionOperation): string {
    this.#declareGrid(window);
    const names = feedNames.grid(window);
    const width = heads * headSize;
    const attend = (graph: OnnxGraph, tiles: readonly string[], bias: string): string => {
      const attributes = { num_heads: heads, scale: { float: scale } };
      const output = graph.node('MultiHeadAttention', [...tiles, '', '', bias], attributes, { domain: microsoft });
      return graph.node('Reshape', [output, graph.integers([-1, width])]);
    };
    const tile = (graph: OnnxGraph, rows: string, index: number): string =>
      graph.node('Reshape', [rows, index === 0 ? names.queryShape : names.keyShape]);
    const inOrder = (bias: string): OnnxGraph =>
      this.#branch(width, (graph) => {
        const tiles = qkv.map((part, index) => tile(graph, part, index));
        return attend(graph, tiles, bias);
      });
    const gathered = this.#branch(width, (graph) => {
      const tiles = qkv.map((part, index) => {
        const rows = index === 0 ? names.queryRows : names.keyRows;
        return tile(graph, graph.node('Gather', [part, rows], { axis: 0 }), index);
      });
      return graph.node('Gather', [attend(graph, tiles, names.bias), names.outputRows], { axis: 0 });
    });
    const ordered = this.#branch(width, (graph) => {
      const branches = { then_branch: { graph: inOrder(names.bias) }, else_branch: { graph: inOrder('') } };
      return graph.node('If', [names.biased], branches);
    });
    const branches = { then_branch: { graph: gathered }, else_branch: { graph: ordered } };
    return this.#graph.node('If', [names.gathered], branches);
  }

  /**
   * With one query a sequence, scores and sums are products along rows that stay where they are; only the scores, one a
   * token and head, go to a grid for the softmax. Half the time of general attention, which would move keys and values.
   */
  firstTokens(query: string, [key, value]: readonly [string, string], operation: AttentionOperation): string {
    const { heads, headSize, scale, window } = operation;
    const graph = this.#graph;
    const names = feedNames.firstGrid(window);
    this.#declareFirstGrid(window);
    const byHead = (rows: string): string => graph.node('Reshape', [rows, graph.integers([-1, heads, headSize])]);
    const scaled = graph.node('Mul', [query, graph.scalar(scale)]);
    const products = graph.node('Mul', [key, graph.node('Gather', [scaled, names.sequences], { axis: 0 })]);
    const scores = graph.node('ReduceSum', [byHead(products), graph.integers([2])], { keepdims: 0 });
    const grid = graph.node('Reshape', [graph.node('Gather', [scores, names.keyRows], { axis: 0 }), names.shape]);
    const shares = graph.node('Softmax', [graph.node('Add', [grid, names.bias])], { axis: 1 });
    const flat = graph.node('Reshape', [shares, graph.integers([-1, heads, 1])]);
    const weights = graph.node('Gather', [flat, names.cells], { axis: 0 });
    const weighted = graph.node('Mul', [byHead(value), weights]);
    return graph.node('MatMul', [
      feedNames.sum,
      graph.node('Reshape', [weighted, graph.integers([-1, heads * headSize])]),
    ]);
  }

  #declareFirstGrid(window: number | undefined): void {
    if (this.firstGrids.has(window)) return;
    if (this.firstGrids.size === 0) this.#graph.input(feedNames.sum, 'float32', ['B', 'T']);
    this.firstGrids.add(window);
    const names = feedNames.firstGrid(window);
    for (const name of [names.keyRows, names.cells, names.sequences])
      this.#graph.input(name, 'int32', [`${name}_count`]);
    this.#graph.input(names.shape, 'int64', [3]);
    this.#graph.input(names.bias, 'float32', ['B', 'longest', 1]);
  }

  /** A branch of an `If`: no inputs, since it sees the graph around it, and one output `[T, width]`. */
  #branch(width: number, build: (graph: OnnxGraph) => string): OnnxGraph {
    const graph = new OnnxGraph(`branch_${this.#branches++}`);
    graph.output(build(graph), 'float32', ['rows', width]);
    return graph;
  }

  #declareGrid(window: number | undefined): void {
    if (this.grids.has(window)) return;
    this.grids.add(window);
    const names = feedNames.grid(window);
    for (const name of [names.gathered, names.biased]) this.#graph.input(name, 'bool', []);
    for (const name of [names.queryShape, names.keyShape]) this.#graph.input(name, 'int64', [3]);
    for (const name of [names.queryRows, names.keyRows, names.outputRows]) {
      this.#graph.input(name, 'int32', [`${name}_count`]);
    }
    this.#graph.input(names.bias, 'float32', [`${names.bias}_tiles`, 1, `${names.bias}_queries`, `${names.bias}_keys`]);
  }
}
