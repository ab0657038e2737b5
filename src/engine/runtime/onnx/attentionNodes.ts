import type { AttentionOperation } from '../../model/network.ts';
import type { FeedInputs } from './feedInputs.ts';
import { microsoft, OnnxGraph } from './onnxGraph.ts';

/** Adds attention to a graph, and the inputs that say which rows see which. */
export class AttentionNodes {
  readonly #graph: OnnxGraph;
  readonly #inputs: FeedInputs;
  #branches = 0;

  constructor(graph: OnnxGraph, inputs: FeedInputs) {
    this.#graph = graph;
    this.#inputs = inputs;
  }

  /** Attention of all tokens; the grid decides at run time whether rows are gathered and masked. */
  all(qkv: readonly string[], { heads, headSize, scale, window }: AttentionOperation): string {
    const names = this.#inputs.grid(window);
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
    const { heads, headSize } = operation;
    const graph = this.#graph;
    const weighted = graph.node('Mul', [this.#byHead(value, operation), this.firstWeights(query, key, operation)]);
    return graph.node('MatMul', [
      this.#inputs.row('sum'),
      graph.node('Reshape', [weighted, graph.integers([-1, heads * headSize])]),
    ]);
  }

  /** What the first token of its sequence makes of each token, `[T, heads, 1]`. */
  firstWeights(query: string, key: string, operation: AttentionOperation): string {
    const { heads, scale, window } = operation;
    const graph = this.#graph;
    const names = this.#inputs.firstGrid(window);
    const scaled = graph.node('Mul', [query, graph.scalar(scale)]);
    const spread = graph.node('Gather', [scaled, this.#inputs.row('sequences')], { axis: 0 });
    const products = this.#byHead(graph.node('Mul', [key, spread]), operation);
    const scores = graph.node('ReduceSum', [products, graph.integers([2])], { keepdims: 0 });
    const grid = graph.node('Reshape', [graph.node('Gather', [scores, names.keyRows], { axis: 0 }), names.shape]);
    const shares = graph.node('Softmax', [graph.node('Add', [grid, names.bias])], { axis: 1 });
    const flat = graph.node('Reshape', [shares, graph.integers([-1, heads, 1])]);
    return graph.node('Gather', [flat, names.cells], { axis: 0 });
  }

  /** `softmax(q kᵀ · scale)` on an explicit grid, `[tiles, heads, queries, keys]`, with the q and k it is made of. */
  probabilities(
    qkv: readonly string[],
    operation: AttentionOperation,
  ): { readonly query: string; readonly key: string; readonly shares: string } {
    const { scale, window } = operation;
    const { queryRows, keyRows, queryShape, keyShape, bias } = this.#inputs.explicitGrid(window);
    const query = this.tiles(qkv[0]!, queryRows, queryShape, operation);
    const key = this.tiles(qkv[1]!, keyRows, keyShape, operation);
    const attributes = { alpha: { float: scale }, transB: 1 };
    const scores = this.#graph.node('FusedMatMul', [query, key], attributes, { domain: microsoft });
    const shares = this.#graph.node('Softmax', [this.#graph.node('Add', [scores, bias])], { axis: -1 });
    return { query, key, shares };
  }

  /** Rows of a value on a grid, `[tiles, heads, rows, headSize]`. */
  tiles(value: string, rows: string, shape: string, { heads, headSize }: AttentionOperation): string {
    const graph = this.#graph;
    const grid = graph.node('Reshape', [graph.node('Gather', [value, rows], { axis: 0 }), shape]);
    const split = graph.node('Reshape', [grid, graph.integers([0, 0, heads, headSize])]);
    return graph.node('Transpose', [split], { perm: [0, 2, 1, 3] });
  }

  #byHead(rows: string, { heads, headSize }: AttentionOperation): string {
    return this.#graph.node('Reshape', [rows, this.#graph.integers([-1, heads, headSize])]);
  }

  /** A branch of an `If`: no inputs, since it sees the graph around it, and one output `[T, width]`. */
  #branch(width: number, build: (graph: OnnxGraph) => string): OnnxGraph {
    const graph = new OnnxGraph(`branch_${this.#branches++}`);
    graph.output(build(graph), 'float32', ['T', width]);
    return graph;
  }
}
