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
} from '../../model/network.ts';
import type { TensorInfo, TensorType } from '../../model/safetensors.ts';
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
  /** The distinct windows of the network's attention operations; `undefined` stands for global attention. */
  readonly windows: readonly (number | undefined)[];
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

/** Lowers a network to an ONNX graph whose weights stay where they are, in the safetensors file. */
export function lowerNetwork(network: Network, weights: WeightsFile, outputs: readonly string[]): LoweredNetwork {
  const lowering = new Lowering(weights);
  for (const operation of network.operations) lowering.lower(operation);
  return lowering.finish(outputs);
}

class Lowering {
  readonly #graph = new OnnxGraph('sextant');
  readonly #weights: WeightsFile;
  /** Values of operations as lowered: one name, or the three of q|k|v. */
  readonly #values = new Map<string, readonly string[]>();
  readonly #windows = new Set<number | undefined>();
  readonly #rotaries = new Map<string, Rotary>();
  readonly #poolings = new Set<'mean' | 'cls'>();
  #usesTypes = false;
  #branches = 0;

  constructor(weights: WeightsFile) {
    this.#weights = weights;
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
      windows: [...this.#windows],
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
        return [this.#attention(operation)];
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
    const { epilogue, outputWidth } = operation;
    switch (epilogue?.kind) {
      case undefined:
        // q|k|v of three tensors; any other plain layer has one tensor and so one output.
        return operation.weights.map((_, index) => this.#gemm(input, operation, index));
      case 'residual':
        return [this.#residual(input, operation, this.#value(epilogue.value))];
      case 'activation':
        return [this.#activate(this.#gemm(input, operation, 0), epilogue.activation)];
      case 'gated': {
        const half = outputWidth / 2;
        const up = this.#activate(this.#gemm(input, operation, 0, { start: 0, count: half }), epilogue.activation);
        return [this.#graph.node('Mul', [up, this.#gemm(input, operation, 0, { start: half, count: half })])];
      }
      case 'rotary': {
        const width = outputWidth / 3;
        const parts = [0, 1, 2].map((part) => this.#gemm(input, operation, 0, { start: part * width, count: width }));
        return parts.map((part, index) => (index === 2 ? part : this.#rotate(part, epilogue, width)));
      }
    }
  }

  /** `x · Wᵀ + b` for one of the stacked tensors or some of its rows. */
  #gemm(input: string, { weights, biases }: LinearOperation, index: number, rows?: Rows): string {
    const bias = biases[index];
    const inputs = [
      input,
      this.#weight(weights[index]!, rows),
      ...(bias === undefined ? [] : [this.#weight(bias, rows)]),
    ];
    return this.#graph.node('Gemm', inputs, { transB: 1 });
  }

  /** The residual goes into the product's accumulator; with a bias, which takes that place, it is added after. */
  #residual(input: string, operation: LinearOperation, residual: string): string {
    if (operation.biases.length > 0) return this.#graph.node('Add', [this.#gemm(input, operation, 0), residual]);
    return this.#graph.node('Gemm', [input, this.#weight(operation.weights[0]!), residual], { transB: 1 });
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
    const qkv = this.#values.get(input);
    if (qkv?.length !== 3) throw new SextantError('internal', `“${input}” is not q, k and v.`);
    this.#declareGrid(window);
    const names = feedNames.grid(window);
    const width = heads * headSize;
    const attend = (graph: OnnxGraph, [query, key, value]: readonly string[], bias: string): string => {
      const output = graph.node(
        'MultiHeadAttention',
        [query!, key!, value!, '', '', bias],
        { num_heads: heads, scale: { float: scale } },
        { domain: microsoft },
      );
      return graph.node('Reshape', [output, graph.integers([-1, width])]);
    };
    const inOrder = (bias: string): OnnxGraph =>
      this.#branch(width, (graph) =>
        attend(
          graph,
          qkv.map((name) => graph.node('Reshape', [name, names.queryShape])),
          bias,
        ),
      );
    const gathered = this.#branch(width, (graph) => {
      const tiles = qkv.map((name, index) => {
        const rows = graph.node('Gather', [name, index === 0 ? names.queryRows : names.keyRows], { axis: 0 });
        return graph.node('Reshape', [rows, index === 0 ? names.queryShape : names.keyShape]);
      });
      return graph.node('Gather', [attend(graph, tiles, names.bias), names.outputRows], { axis: 0 });
    });
    const ordered = this.#branch(width, (graph) =>
      graph.node('If', [names.biased], {
        then_branch: { graph: inOrder(names.bias) },
        else_branch: { graph: inOrder('') },
      }),
    );
    return this.#graph.node('If', [names.gathered], {
      then_branch: { graph: gathered },
      else_branch: { graph: ordered },
    });
  }

  /** A branch of an `If`: no inputs, since it sees the graph around it, and one output `[T, width]`. */
  #branch(width: number, build: (graph: OnnxGraph) => string): OnnxGraph {
    const graph = new OnnxGraph(`branch_${this.#branches++}`);
    graph.output(build(graph), 'float32', ['rows', width]);
    return graph;
  }

  #declareGrid(window: number | undefined): void {
    if (this.#windows.has(window)) return;
    this.#windows.add(window);
    const names = feedNames.grid(window);
    for (const name of [names.gathered, names.biased]) this.#graph.input(name, 'bool', []);
    for (const name of [names.queryShape, names.keyShape]) this.#graph.input(name, 'int64', [3]);
    for (const name of [names.queryRows, names.keyRows, names.outputRows])
      this.#graph.input(name, 'int32', [`${name}_count`]);
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

  #value(name: string): string {
    const value = this.#values.get(name);
    if (value?.length !== 1) throw new SextantError('internal', `The network has no value “${name}”.`);
    return value[0]!;
  }

  /** A tensor, or some of its rows, as float32. Casts of constants are folded when the session loads. */
  #weight(name: string, rows?: Rows): string {
    const { name: stored, type } = this.#stored(name, rows);
    if (type === 'F32') return stored;
    const output = `${stored}.float`;
    if (this.#values.has(output)) return output;
    this.#values.set(output, [output]);
    return this.#graph.node('Cast', [stored], { to: 1 }, { output });
  }

  #stored(name: string, rows?: Rows): { readonly name: string; readonly type: TensorType } {
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

interface Rows {
  readonly start: number;
  readonly count: number;
}
