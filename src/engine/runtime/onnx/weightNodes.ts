import { SextantError } from '../../../shared/errors.ts';
import type { TensorRows } from '../../model/network.ts';
import type { TensorInfo, TensorType } from '../../model/safetensors.ts';
import type { ElementType, OnnxGraph } from './onnxGraph.ts';

/** Where the weights of a graph lie. */
export interface WeightsFile {
  /** File name, relative to the folder the session is told. */
  readonly file: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
}

const elementTypes: Readonly<Record<TensorType, ElementType>> = {
  F32: 'float32',
  F16: 'float16',
  BF16: 'bfloat16',
  I8: 'int8',
};

/** Weights as values of a graph, in float32; each is added once, however often it is asked for. */
export interface WeightNodes {
  /** A vector, or some of its values. */
  vector(name: string, rows?: Omit<TensorRows, 'tensor'>): string;
  /** Rows of a matrix, `[count, columns]`. */
  matrix(rows: TensorRows): string;
  /** Rows of a table by index, `[indices, columns]`. */
  gather(table: string, indices: string): string;
}

/** Weights that stay where they are, in a safetensors file. */
export class FileWeights implements WeightNodes {
  readonly #graph: OnnxGraph;
  readonly #weights: WeightsFile;
  readonly #widened = new Set<string>();

  constructor(graph: OnnxGraph, weights: WeightsFile) {
    this.#graph = graph;
    this.#weights = weights;
  }

  vector(name: string, rows?: Omit<TensorRows, 'tensor'>): string {
    return this.#float(name, rows);
  }

  matrix({ tensor, ...rows }: TensorRows): string {
    return this.#float(tensor, rows);
  }

  /** Half-precision tables stay as they are: only the gathered rows are widened. */
  gather(table: string, indices: string): string {
    const { name, type } = this.#stored(table);
    const rows = this.#graph.node('Gather', [name, indices], { axis: 0 });
    return type === 'F32' ? rows : this.#graph.node('Cast', [rows], { to: 1 });
  }

  /** Casts of constants are folded when the session loads. */
  #float(tensor: string, rows?: Omit<TensorRows, 'tensor'>): string {
    const { name, type } = this.#stored(tensor, rows);
    if (type === 'F32') return name;
    const output = `${name}.float`;
    if (this.#widened.has(output)) return output;
    this.#widened.add(output);
    return this.#graph.node('Cast', [name], { to: 1 }, { output });
  }

  #stored(name: string, rows?: Omit<TensorRows, 'tensor'>): { readonly name: string; readonly type: TensorType } {
    const tensor = this.#weights.tensors.get(name);
    if (tensor === undefined) throw new SextantError('model_invalid', `The model's weights lack the tensor “${name}”.`);
    const { type } = tensor;
    const [total = 1, ...rest] = tensor.shape;
    const { start, count } = rows ?? { start: 0, count: total };
    const stored = rows === undefined ? name : rowsName({ tensor: name, start, count });
    if (!this.#graph.has(stored)) {
      const rowBytes = tensor.bytes / total;
      const range = [tensor.offset + start * rowBytes, count * rowBytes] as const;
      this.#graph.external(stored, elementTypes[type], [count, ...rest], tensor.file ?? this.#weights.file, ...range);
    }
    return { name: stored, type };
  }
}

/** The name of some rows of a tensor as a value of their own. */
export function rowsName({ tensor, start, count }: TensorRows): string {
  return `${tensor}[${start}:${start + count}]`;
}
