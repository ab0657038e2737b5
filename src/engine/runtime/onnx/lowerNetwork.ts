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
import type { QuantizedBlock, QuantizedWeights } from '../quantizedWeights.ts';
import { microsoft, OnnxGraph, type ElementType } from './onnxGraph.ts';

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

export interface Rotary {
  readonly theta: number;
  readonly headSize: number;
}

/** Names of the graph's inputs. */
export const feedNames = {
  ids: 'input_ids',
  positions: 'positions',
  types: 'token_types',
  /** `[B, T]`: 1 / length where the token belongs to the sequence. */
  mean: 'pool_mean',
  /** `[B]`: first row of each sequence. */
  first: 'pool_first',
  cos: ({ theta, headSize }: Rotary) => `cos_${theta}_${headSize}`,
  sin: ({ theta, headSize }: Rotary) => `sin_${theta}_${headSize}`,
  /** `[B, T]`: 1 where the token belongs to the sequence. */
  sum: 'pool_sum',
  firstGrid: (window: number | undefined) => {
    const name = window === undefined ? 'first_global' : `first_window_${window}`;
    return {
      keyRows: `${name}_key_rows`,
      cells: `${name}_cells`,
      sequences: `${name}_sequences`,
      shape: `${name}_shape`,
      bias: `${name}_bias`,
    };
  },
  grid: (window: number | undefined) => {
    const name = window === undefined ? 'global' : `window_${window}`;
    return {
      gathered: `${name}_gathered`,
      biased: `${name}_biased`,
      queryShape: `${name}_query_shape`,
      keyShape: `${name}_key_shape`,
      queryRows: `${name}_query_rows`,
      keyRows: `${name}_key_rows`,
      outputRows: `${name}_output_rows`,
      bias: `${name}_bias`,
    };
  },
} as const;

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
  readonly #quantized: QuantizedWeights | undefined;
  /** 8-bit forms of values which linear layers read. */
  readonly #integers = new Map<string, QuantizedRows>();
  /** Values of operations as lowered: one name, or the three of q|k|v. */
  readonly #values = new Map<string, readonly string[]>();
  readonly #grids = new Set<number | undefined>();
  readonly #firstGrids = new Set<number | undefined>();
  readonly #rotaries = new Map<string, Rotary>();
  readonly #poolings = new Set<'mean' | 'cls'>();
  #usesTypes = false;
  #branches = 0;

  constructor(weights: WeightsFile, quantized: QuantizedWeights | undefined) {
    this.#weights = weights;
    this.#quantized = quantized;
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
      grids: [...this.#grids],
      firstGrids: [...this.#firstGrids],
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
        return [
          operation.query === undefined
            ? this.#attention(operation)
            : this.#firstTokenAttention(operation, operation.query),
        ];
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
    if (this.#quantized !== undefined)
      return this.#integerProduct(input, this.#quantized.block(rows), rows, bias, residual);
    const added = bias === undefined ? residual : this.#weight(bias.tensor, bias);
    const weight = this.#weight(rows.tensor, rows);
    const product = this.#graph.node('Gemm', [input, weight, ...(added === undefined ? [] : [added])], { transB: 1 });
    if (residual === undefined || bias === undefined) return product;
    return this.#graph.node('Add', [product, residual]);
  }

  #integerProduct(
    input: string,
    { columns, rows, values, scales }: QuantizedBlock,
    { tensor, start }: TensorRows,
    bias: TensorRows | undefined,
    residual: string | undefined,
  ): string {
    const { values: integers, scale } = this.#quantizeRows(input);
    const name = `${tensor}[${start}:${start + rows}].int8`;
    const weight = this.#graph.constant(name, 'int8', [columns, rows], values);
    const weightScale = this.#graph.constant(`${name}.scale`, 'float32', [rows], scales);
    const inputs = [integers, weight, this.#scalar('one', 1), weightScale, this.#zeroPoint()];
    const product = this.#graph.node('MatMulIntegerToFloat', inputs, {}, { domain: microsoft });
    let sum = this.#graph.node('Mul', [product, scale]);
    if (bias !== undefined) sum = this.#graph.node('Add', [sum, this.#weight(bias.tensor, bias)]);
    return residual === undefined ? sum : this.#graph.node('Add', [sum, residual]);
  }

  /**
   * Rows as 8-bit integers, each by its own largest value: unlike one scale for all of a batch, it makes a text's
   * embedding independent of what else is in the batch, and one outlier costs one token its precision, not all.
   */
  #quantizeRows(input: string): QuantizedRows {
    const known = this.#integers.get(input);
    if (known !== undefined) return known;
    const graph = this.#graph;
    const peaks = graph.node('ReduceMax', [graph.node('Abs', [input]), graph.integers([1])], { keepdims: 1 });
    const safe = graph.node('Max', [peaks, this.#scalar('tiny', 1e-20)]);
    const scaled = graph.node('Mul', [input, graph.node('Div', [this.#scalar('steps', 127), safe])]);
    const values = graph.node('QuantizeLinear', [scaled, this.#scalar('one', 1), this.#zeroPoint()]);
    const rows = { values, scale: graph.node('Div', [safe, this.#scalar('steps', 127)]) };
    this.#integers.set(input, rows);
    return rows;
  }

  #scalar(name: string, value: number): string {
    return this.#graph.has(name) ? name : this.#graph.constant(name, 'float32', [], Float32Array.of(value));
  }

  #zeroPoint(): string {
    const name = 'zero_point';
    return this.#graph.has(name) ? name : this.#graph.constant(name, 'uint8', [], Uint8Array.of(128));
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

  #attention({ input, heads, headSize, scale, window }: AttentionOperation): string {
    const qkv = this.#parts(input, 3);
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
  #firstTokenAttention({ input, heads, headSize, scale, window }: AttentionOperation, query: string): string {
    const graph = this.#graph;
    const [key, value] = this.#parts(input, 2) as [string, string];
    const names = feedNames.firstGrid(window);
    this.#declareFirstGrid(window);
    const byHead = (rows: string): string => graph.node('Reshape', [rows, graph.integers([-1, heads, headSize])]);
    const scaled = graph.node('Mul', [this.#value(query), this.#scalar(`scale_${scale}`, scale)]);
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
    if (this.#firstGrids.has(window)) return;
    if (this.#firstGrids.size === 0) this.#graph.input(feedNames.sum, 'float32', ['B', 'T']);
    this.#firstGrids.add(window);
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
    if (this.#grids.has(window)) return;
    this.#grids.add(window);
    const names = feedNames.grid(window);
    for (const name of [names.gathered, names.biased]) this.#graph.input(name, 'bool', []);
    for (const name of [names.queryShape, names.keyShape]) this.#graph.input(name, 'int64', [3]);
    for (const name of [names.queryRows, names.keyRows, names.outputRows]) {
      this.#graph.input(name, 'int32', [`${name}_count`]);
    }
    this.#graph.input(names.bias, 'float32', [`${names.bias}_tiles`, 1, `${names.bias}_queries`, `${names.bias}_keys`]);
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

/** Values as unsigned integers around 128, `[R, width]`, and what one step is worth, `[R, 1]`. */
interface QuantizedRows {
  readonly values: string;
  readonly scale: string;
}

/** Blocks of q|k|v or of a gated layer never cross the border of a tensor. */
function single(stacked: readonly TensorRows[]): TensorRows {
  const [first] = stacked;
  if (first === undefined || stacked.length > 1) throw new SextantError('internal', 'A block spans several tensors.');
  return first;
}
