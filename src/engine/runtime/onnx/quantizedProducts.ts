import type { TensorRows } from '../../model/network.ts';
import type { QuantizedWeights } from '../quantizedWeights.ts';
import { microsoft, type OnnxGraph } from './onnxGraph.ts';

/** Values as unsigned integers around 128, `[R, width]`, and what one step is worth, `[R, 1]`. */
interface QuantizedRows {
  readonly values: string;
  readonly scale: string;
}

/** Adds products of 8-bit integers to a graph. */
export class QuantizedProducts {
  readonly #graph: OnnxGraph;
  readonly #weights: QuantizedWeights;
  /** 8-bit forms of the values that products read, since several read the same. */
  readonly #rows = new Map<string, QuantizedRows>();

  constructor(graph: OnnxGraph, weights: QuantizedWeights) {
    this.#graph = graph;
    this.#weights = weights;
  }

  /** `x · Wᵀ`, `[R, rows of W]`, as float32. */
  product(input: string, weight: TensorRows): string {
    const { rows, columns, values, scales } = this.#weights.block(weight);
    const name = `${weight.tensor}[${weight.start}:${weight.start + rows}].int8`;
    const integers = this.#graph.constant(name, 'int8', [columns, rows], values);
    const weightScale = this.#graph.constant(`${name}.scale`, 'float32', [rows], scales);
    const quantized = this.#quantizeRows(input);
    const inputs = [quantized.values, integers, this.#graph.scalar(1), weightScale, this.#zeroPoint()];
    const product = this.#graph.node('MatMulIntegerToFloat', inputs, {}, { domain: microsoft });
    return this.#graph.node('Mul', [product, quantized.scale]);
  }

  /**
   * Each row by its own largest value: unlike one scale for all of a batch, it makes a text's embedding independent of
   * what else is in the batch, and one outlier costs one token its precision, not all.
   */
  #quantizeRows(input: string): QuantizedRows {
    const known = this.#rows.get(input);
    if (known !== undefined) return known;
    const graph = this.#graph;
    const peaks = graph.node('ReduceMax', [graph.node('Abs', [input]), graph.integers([1])], { keepdims: 1 });
    const safe = graph.node('Max', [peaks, graph.scalar(1e-20)]);
    const scaled = graph.node('Mul', [input, graph.node('Div', [graph.scalar(127), safe])]);
    const values = graph.node('QuantizeLinear', [scaled, graph.scalar(1), this.#zeroPoint()]);
    const rows = { values, scale: graph.node('Div', [safe, graph.scalar(127)]) };
    this.#rows.set(input, rows);
    return rows;
  }

  #zeroPoint(): string {
    const name = 'zero_point';
    return this.#graph.has(name) ? name : this.#graph.constant(name, 'uint8', [], Uint8Array.of(128));
  }
}
