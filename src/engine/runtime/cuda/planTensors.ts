import { SextantError } from '../../../shared/errors.ts';
import type { TensorRows } from '../../model/network.ts';
import type { TensorInfo, TensorType } from '../../model/safetensors.ts';

/** Where the addon puts the rows of a weight; see `RowOrder` in `native/core/operations.hpp`. */
export type RowOrder =
  | { readonly kind: 'plain' }
  | { readonly kind: 'interleaved' }
  | { readonly kind: 'rotary'; readonly rows: number; readonly headSize: number };

/** Stacked rows of the weights file, as one tensor on the device. */
export interface PlanTensor {
  readonly isVector: boolean;
  readonly rows: number;
  readonly columns: number;
  readonly order: RowOrder;
  readonly sources: readonly PlanSource[];
}

export interface PlanSource {
  /** Place in `PlanTensors.files`. */
  readonly file: number;
  readonly offset: number;
  readonly type: TensorType;
  readonly rows: number;
}

/** The tensors of a plan, each once however many operations read it. */
export class PlanTensors {
  readonly list: PlanTensor[] = [];
  /** Files the tensors lie in, as their infos name them; `undefined` is the model's own weights file. */
  readonly files: (string | undefined)[] = [];
  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #known = new Map<string, number>();

  constructor(tensors: ReadonlyMap<string, TensorInfo>) {
    this.#tensors = tensors;
  }

  /** All rows of a tensor. */
  whole(tensor: string): TensorRows {
    return { tensor, start: 0, count: this.#info(tensor).shape[0] ?? 0 };
  }

  /** Index of the matrix `[rows, columns]` of stacked rows. */
  matrix(stacked: readonly TensorRows[], columns: number, order: RowOrder = { kind: 'plain' }): number {
    return this.#add(stacked, columns, order, false);
  }

  /** Index of the vector `[rows]` of stacked numbers. */
  vector(stacked: readonly TensorRows[], order: RowOrder = { kind: 'plain' }): number {
    return this.#add(stacked, 1, order, true);
  }

  #add(stacked: readonly TensorRows[], columns: number, order: RowOrder, isVector: boolean): number {
    const key = JSON.stringify([stacked, order]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const sources = stacked.map(({ tensor, start, count }) => {
      const { type, file, offset, bytes, shape } = this.#info(tensor);
      if (type === 'I8') throw new SextantError('runtime_unavailable', 'The CUDA kernels read no 8-bit weights.');
      const rowBytes = bytes / (shape[0] ?? 1);
      return { file: this.#file(file), offset: offset + start * rowBytes, type, rows: count };
    });
    const rows = stacked.reduce((sum, { count }) => sum + count, 0);
    const index = this.list.push({ isVector, rows, columns, order, sources }) - 1;
    this.#known.set(key, index);
    return index;
  }

  #file(name: string | undefined): number {
    const index = this.files.indexOf(name);
    return index >= 0 ? index : this.files.push(name) - 1;
  }

  #info(tensor: string): TensorInfo {
    const info = this.#tensors.get(tensor);
    if (info === undefined) throw new SextantError('model_invalid', `The model's weights lack the tensor “${tensor}”.`);
    return info;
  }
}
