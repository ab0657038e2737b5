import { SextantError } from '../../../shared/errors.ts';
import type {
  Activation,
  AttentionOperation,
  EmbedOperation,
  LinearOperation,
  NormalizeOperation,
  NormWeights,
  Operation,
  PoolOperation,
} from '../../model/network.ts';
import { sliceRows, singleRows } from '../../model/tensorRows.ts';
import { AttentionNodes } from './attentionNodes.ts';
import type { FeedInputs } from './feedInputs.ts';
import type { Rotary } from './feedNames.ts';
import { microsoft, type OnnxGraph } from './onnxGraph.ts';
import type { QuantizedProducts } from './quantizedProducts.ts';
import type { Values } from './values.ts';
import type { WeightNodes } from './weightNodes.ts';

/** What operations are lowered into, and from. */
export interface Lowering {
  readonly graph: OnnxGraph;
  readonly inputs: FeedInputs;
  readonly weights: WeightNodes;
  readonly values: Values;
  readonly quantized?: QuantizedProducts;
}

/** Lowers the operations of a network to nodes of a graph. */
export class ForwardNodes {
  readonly #graph: OnnxGraph;
  readonly #inputs: FeedInputs;
  readonly #weights: WeightNodes;
  readonly #values: Values;
  readonly #quantized: QuantizedProducts | undefined;
  readonly #attention: AttentionNodes;

  constructor({ graph, inputs, weights, values, quantized }: Lowering) {
    this.#graph = graph;
    this.#inputs = inputs;
    this.#weights = weights;
    this.#values = values;
    this.#quantized = quantized;
    this.#attention = new AttentionNodes(graph, inputs);
  }

  lower(operation: Operation): void {
    this.#values.set(operation.output, this.#lowered(operation));
  }

  activate(input: string, activation: Activation): string {
    switch (activation) {
      case 'gelu':
        return this.#graph.node('Gelu', [input]);
      case 'gelu_tanh':
        return this.#graph.node('Gelu', [input], { approximate: 'tanh' });
      case 'silu':
        return this.#graph.node('QuickGelu', [input], { alpha: { float: 1 } }, { domain: microsoft });
      case 'relu':
        return this.#graph.node('Relu', [input]);
      case 'tanh':
        return this.#graph.node('Tanh', [input]);
    }
  }

  gate([up, gate]: readonly string[], activation: Activation): string {
    return this.#graph.node('Mul', [this.activate(up!, activation), gate!]);
  }

  /**
   * Turns a part of q|k|v, or turns it back. Tokens go in as a batch of one-token sequences, each with its own position, so
   * that packs need no reshaping.
   */
  rotate(input: string, rotary: Rotary, width: number, direction: 'forth' | 'back' = 'forth'): string {
    const { cos, sin } = this.#inputs.rotary(rotary);
    const sine = direction === 'forth' ? sin : this.#graph.node('Neg', [sin]);
    const tokens = this.#graph.node('Reshape', [input, this.#graph.integers([-1, 1, width])]);
    const inputs = [tokens, this.#inputs.row('positions'), cos, sine];
    const turned = this.#graph.node('RotaryEmbedding', inputs, {}, { domain: microsoft });
    return this.#graph.node('Reshape', [turned, this.#graph.integers([-1, width])]);
  }

  /** The columns that a normalisation keeps. */
  kept(value: string, { width, dimension }: NormalizeOperation): string {
    if (dimension === width) return value;
    const range = [0, dimension, 1].map((number) => this.#graph.integers([number]));
    return this.#graph.node('Slice', [value, ...range]);
  }

  #lowered(operation: Operation): readonly string[] {
    switch (operation.kind) {
      case 'embed':
        return [this.#embed(operation)];
      case 'norm':
        return [this.#norm(this.#values.one(operation.input), operation)];
      case 'linear':
        return this.#linear(operation);
      case 'attention':
        return [this.#attend(operation)];
      case 'pool':
        return [this.#pool(operation)];
      case 'normalize': {
        const value = this.kept(this.#values.one(operation.input), operation);
        return [this.#graph.node('LpNormalization', [value], { axis: 1, p: 2 })];
      }
    }
  }

  #embed({ tokens, positions, types, norm }: EmbedOperation): string {
    let sum = this.#weights.gather(tokens, this.#inputs.row('ids'));
    if (positions !== undefined) {
      const flat = this.#graph.node('Squeeze', [this.#inputs.row('positions'), this.#graph.integers([1])]);
      const rows = this.#graph.node('Add', [flat, this.#graph.integers([positions.offset])]);
      sum = this.#graph.node('Add', [sum, this.#weights.gather(positions.weight, rows)]);
    }
    if (types !== undefined) {
      sum = this.#graph.node('Add', [sum, this.#weights.gather(types, this.#inputs.row('types'))]);
    }
    return norm === undefined ? sum : this.#norm(sum, norm);
  }

  #norm(input: string, { weight, bias, epsilon }: NormWeights): string {
    const inputs = [input, this.#weights.vector(weight), ...(bias === undefined ? [] : [this.#weights.vector(bias)])];
    return this.#graph.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } });
  }

  #linear(operation: LinearOperation): readonly string[] {
    const input = this.#values.one(operation.input);
    const { epilogue, outputWidth, parts = 1 } = operation;
    const gemms = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => this.#gemm(input, operation, index, outputWidth / count));
    switch (epilogue?.kind) {
      case undefined:
        return gemms(parts);
      case 'residual':
        return [this.#gemm(input, operation, 0, outputWidth, this.#values.one(epilogue.value))];
      case 'activation':
        return gemms(1).map((value) => this.activate(value, epilogue.activation));
      case 'gated':
        return [this.gate(gemms(2), epilogue.activation)];
      case 'rotary':
        return gemms(parts).map((part, index) =>
          index === parts - 1 ? part : this.rotate(part, epilogue, outputWidth / parts),
        );
    }
  }

  /**
   * `x · Wᵀ + b (+ residual)` for the `index`-th block of `width` columns. Blocks have a product each, since cutting its
   * output up would copy it. The residual goes into the accumulator where no bias takes that place.
   */
  #gemm(input: string, { weights, biases }: LinearOperation, index: number, width: number, residual?: string): string {
    const rows = singleRows(sliceRows(weights, index * width, width));
    const bias = biases.length === 0 ? undefined : singleRows(sliceRows(biases, index * width, width));
    const graph = this.#graph;
    const addends = [
      ...(bias === undefined ? [] : [this.#weights.vector(bias.tensor, bias)]),
      ...(residual === undefined ? [] : [residual]),
    ];
    let sum: string;
    if (this.#quantized === undefined) {
      sum = graph.node('Gemm', [input, this.#weights.matrix(rows), ...addends.splice(0, 1)], { transB: 1 });
    } else {
      sum = this.#quantized.product(input, rows);
    }
    for (const addend of addends) sum = graph.node('Add', [sum, addend]);
    return sum;
  }

  #attend(operation: AttentionOperation): string {
    const { input, query } = operation;
    if (query === undefined) return this.#attention.all(this.#values.parts(input, 3), operation);
    const [key, value] = this.#values.parts(input, 2);
    if (key === undefined || value === undefined) throw new SextantError('internal', 'Keys or values are missing.');
    return this.#attention.firstTokens(this.#values.one(query), [key, value], operation);
  }

  #pool({ input, how }: PoolOperation): string {
    const value = this.#values.one(input);
    switch (how) {
      case 'mean':
        return this.#graph.node('MatMul', [this.#inputs.row('mean'), value]);
      case 'cls':
        return this.#graph.node('Gather', [value, this.#inputs.row('first')], { axis: 0 });
    }
  }
}
