import { SextantError } from '../../../shared/errors.ts';
import type {
  Activation,
  AttentionOperation,
  EmbedOperation,
  LinearOperation,
  Network,
  NormalizeOperation,
  NormWeights,
  Operation,
  PoolOperation,
  TensorRows,
} from '../../model/network.ts';
import { sliceRows } from '../../model/tensorRows.ts';
import type { TensorInfo, TensorType } from '../../model/safetensors.ts';
import type { QuantizedWeights } from '../quantizedWeights.ts';
import { AttentionNodes } from './attentionNodes.ts';
import { feedNames, type Rotary } from './feedNames.ts';
import { microsoft, OnnxGraph, type ElementType } from './onnxGraph.ts';
import { QuantizedProducts } from './quantizedProducts.ts';

/** Where the weights of a graph lie. */
export interface WeightsFile {
  /** File name, relative to the folder the session is told. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

/** A graph and what has to be fed to it; see {@link feedNames} for the inputs. */
export interface LoweredNetwork {
  readonly model: Uint8Array;
  readonly outputs: readonly string[];
  /** The distinct windows of attention; `undefined` stands for all of the sequence. */
  readonly grids: readonly (number | undefined)[];
  /** Those of attention which only first tokens ask for. */
  readonly firstGrids: readonly (number | undefined)[];
  /** The distinct rotary embeddings. */
  readonly rotaries: readonly Rotary[];
  readonly usesTypes: boolean;
  readonly poolings: readonly ('mean' | 'cls')[];
}

const elementTypes: Readonly<Record<TensorType, ElementType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I8: 'int8',
};

/**
 * Lowers a network to an ONNX graph whose weights stay where they are, in the safetensors file; with quantised weights,
 * linear layers multiply 8-bit integers, and their weights go into the graph.
 */
export function lowerNetwork(
  network: Network,
  weights: WeightsFile,
  outputs: readonly string[],
  quantized?: QuantizedWeights,
): LoweredNetwork {
  const lowering = new Lowering(weights, quantized);
  for (const operation of network.operations) lowering.lower(operation);
  return lowering.finish(outputs);
}

class Lowering {
  readonly #graph = new OnnxGraph('sextant');
  readonly #weights: WeightsFile;
  readonly #quantized: QuantizedProducts | undefined;
  /** Values of operations as lowered: one name, or the three of q|k|v. */
  readonly #values = new Map<string, readonly string[]>();
  readonly #attention = new AttentionNodes(this.#graph);
  readonly #rotaries = new Map<string, Rotary>();
  readonly #poolings = new Set<'mean' | 'cls'>();
  #usesTypes = false;

  constructor(weights: WeightsFile, quantized: QuantizedWeights | undefined) {
    this.#weights = weights;
    this.#quantized = quantized === undefined ? undefined : new QuantizedProducts(this.#graph, quantized);
    this.#graph.input(feedNames.ids, 'int32', ['T']);
    this.#graph.input(feedNames.positions, 'int64', ['T', 1]);
  }

  lower(operation: Operation): void {
    this.#values.set(operation.output, this.#lowered(operation));
  }

  finish(outputs: readonly string[]): LoweredNetwork {
    for (const [index, output] of outputs.entries()) {
      this.#graph.node('Identity', [this.#value(output)], {}, { output: `output_${index}` });
      this.#graph.output(`output_${index}`, 'float32', [`rows_${index}`, `columns_${index}`]);
    }
    return {
      model: this.#graph.finish(),
      outputs,
      grids: [...this.#attention.grids],
      firstGrids: [...this.#attention.firstGrids],
      rotaries: [...this.#rotaries.values()],
      usesTypes: this.#usesTypes,
      poolings: [...this.#poolings],
    };
  }

  #lowered(operation: Operation): readonly string[] {
    switch (operation.kind) {
      case 'embed':
        return [this.#embed(operation)];
      case 'norm':
        return [this.#norm(this.#value(operation.input), operation)];
      case 'linear':
        return this.#linear(operation);
      case 'attention':
        return [this.#attend(operation)];
      case 'pool':
        return [this.#pool(operation)];
      case 'normalize':
        return [this.#normalize(operation)];
    }
  }

  #embed({ tokens, positions, types, norm }: EmbedOperation): string {
    let sum = this.#rows(tokens, feedNames.ids);
    if (positions !== undefined) {
      const flat = this.#graph.node('Squeeze', [feedNames.positions, this.#graph.integers([1])]);
      const rows = this.#graph.node('Add', [flat, this.#graph.integers([positions.offset])]);
      sum = this.#graph.node('Add', [sum, this.#rows(positions.weight, rows)]);
    }
    if (types !== undefined) {
      if (!this.#usesTypes) this.#graph.input(feedNames.types, 'int32', ['T']);
      this.#usesTypes = true;
      sum = this.#graph.node('Add', [sum, this.#rows(types, feedNames.types)]);
    }
    return norm === undefined ? sum : this.#norm(sum, norm);
  }

  /** Rows of a table. Half-precision tables stay as they are: only the gathered rows are widened. */
  #rows(table: string, indices: string): string {
    const { name, type } = this.#stored(table);
    const rows = this.#graph.node('Gather', [name, indices], { axis: 0 });
    return type === 'F32' ? rows : this.#graph.node('Cast', [rows], { to: 1 });
  }

  #norm(input: string, { weight, bias, epsilon }: NormWeights): string {
    const inputs = [input, this.#weight(weight), ...(bias === undefined ? [] : [this.#weight(bias)])];
    return this.#graph.node('LayerNormalization', inputs, { axis: -1, epsilon: { float: epsilon } });
  }

  #linear(operation: LinearOperation): readonly string[] {
    const input = this.#value(operation.input);
    const { epilogue, outputWidth, parts = 1 } = operation;
    const gemms = (count: number): string[] =>
      Array.from({ length: count }, (_, index) => this.#gemm(input, operation, index, outputWidth / count));
    switch (epilogue?.kind) {
      case undefined:
        return gemms(parts);
      case 'residual':
        return [this.#gemm(input, operation, 0, outputWidth, this.#value(epilogue.value))];
      case 'activation':
        return gemms(1).map((value) => this.#activate(value, epilogue.activation));
      case 'gated': {
        const [up, gate] = gemms(2) as [string, string];
        return [this.#graph.node('Mul', [this.#activate(up, epilogue.activation), gate])];
      }
      case 'rotary':
        return gemms(parts).map((part, index) =>
          index === parts - 1 ? part : this.#rotate(part, epilogue, outputWidth / parts),
        );
    }
  }

  /**
   * `x · Wᵀ + b (+ residual)` for the `index`-th block of `width` columns. Blocks have a product each, since cutting its
   * output up would copy it. The residual goes into the accumulator where no bias takes that place.
   */
  #gemm(input: string, { weights, biases }: LinearOperation, index: number, width: number, residual?: string): string {
    const rows = single(sliceRows(weights, index * width, width));
    const bias = biases.length === 0 ? undefined : single(sliceRows(biases, index * width, width));
    const graph = this.#graph;
    const addends = [
      ...(bias === undefined ? [] : [this.#weight(bias.tensor, bias)]),
      ...(residual === undefined ? [] : [residual]),
    ];
    let sum: string;
    if (this.#quantized === undefined) {
      sum = graph.node('Gemm', [input, this.#weight(rows.tensor, rows), ...addends.splice(0, 1)], { transB: 1 });
    } else {
      sum = this.#quantized.product(input, rows);
    }
    for (const addend of addends) sum = graph.node('Add', [sum, addend]);
    return sum;
  }

  #activate(input: string, activation: Activation): string {
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

  /** Tokens go in as a batch of one-token sequences, each with its own position, so that packs need no reshaping. */
  #rotate(input: string, { theta, headSize }: Rotary, width: number): string {
    const rotary = { theta, headSize };
    const cos = feedNames.cos(rotary);
    const sin = feedNames.sin(rotary);
    if (!this.#rotaries.has(cos)) {
      this.#rotaries.set(cos, rotary);
      for (const name of [cos, sin]) this.#graph.input(name, 'float32', ['positions', headSize / 2]);
    }
    const tokens = this.#graph.node('Reshape', [input, this.#graph.integers([-1, 1, width])]);
    const turned = this.#graph.node(
      'RotaryEmbedding',
      [tokens, feedNames.positions, cos, sin],
      {},
      { domain: microsoft },
    );
    return this.#graph.node('Reshape', [turned, this.#graph.integers([-1, width])]);
  }

  #attend(operation: AttentionOperation): string {
    const { input, query } = operation;
    if (query === undefined) return this.#attention.all(this.#parts(input, 3), operation);
    return this.#attention.firstTokens(this.#value(query), this.#parts(input, 2) as [string, string], operation);
  }

  #pool({ input, how }: PoolOperation): string {
    const known = this.#poolings.has(how);
    this.#poolings.add(how);
    switch (how) {
      case 'mean':
        if (!known) this.#graph.input(feedNames.mean, 'float32', ['B', 'T']);
        return this.#graph.node('MatMul', [feedNames.mean, this.#value(input)]);
      case 'cls':
        if (!known) this.#graph.input(feedNames.first, 'int32', ['B']);
        return this.#graph.node('Gather', [this.#value(input), feedNames.first], { axis: 0 });
    }
  }

  #normalize({ input, width, dimension }: NormalizeOperation): string {
    let value = this.#value(input);
    if (dimension < width) {
      const range = [0, dimension, 1].map((number) => this.#graph.integers([number]));
      value = this.#graph.node('Slice', [value, range[0]!, range[1]!, range[2]!]);
    }
    return this.#graph.node('LpNormalization', [value], { axis: 1, p: 2 });
  }

  #parts(name: string, count: number): readonly string[] {
    const parts = this.#values.get(name);
    if (parts?.length !== count) throw new SextantError('internal', `“${name}” has not ${count} parts.`);
    return parts;
  }

  #value(name: string): string {
    const value = this.#values.get(name);
    if (value?.length !== 1) throw new SextantError('internal', `The network has no value “${name}”.`);
    return value[0]!;
  }

  /** A tensor, or some of its rows, as float32. Casts of constants are folded when the session loads. */
  #weight(name: string, rows?: Omit<TensorRows, 'tensor'>): string {
    const { name: stored, type } = this.#stored(name, rows);
    if (type === 'F32') return stored;
    const output = `${stored}.float`;
    if (this.#values.has(output)) return output;
    this.#values.set(output, [output]);
    return this.#graph.node('Cast', [stored], { to: 1 }, { output });
  }

  #stored(name: string, rows?: Omit<TensorRows, 'tensor'>): { readonly name: string; readonly type: TensorType } {
    const tensor = this.#weights.tensors.get(name);
    if (tensor === undefined) throw new SextantError('model_invalid', `The model's weights lack the tensor “${name}”.`);
    const { type } = tensor;
    const [total = 1, ...rest] = tensor.shape;
    const { start, count } = rows ?? { start: 0, count: total };
    const stored = rows === undefined ? name : `${name}[${start}:${start + count}]`;
    if (!this.#graph.has(stored)) {
      const rowBytes = tensor.bytes / total;
      this.#graph.external(
        stored,
        elementTypes[type],
        [count, ...rest],
        this.#weights.file,
        tensor.offset + start * rowBytes,
        count * rowBytes,
      );
    }
    return { name: stored, type };
  }
}

/** Blocks of q|k|v or of a gated layer never cross the border of a tensor. */
function single(stacked: readonly TensorRows[]): TensorRows {
  const [first] = stacked;
  if (first === undefined || stacked.length > 1) throw new SextantError('internal', 'A block spans several tensors.');
  return first;
}
