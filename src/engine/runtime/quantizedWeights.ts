import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { TensorRows } from '../model/network.ts';
import type { TensorInfo } from '../model/safetensors.ts';
import { TensorValues } from '../model/tensorValues.ts';

/** A block of a weight as 8-bit integers: `W[row, column] ≈ values[column, row] · scales[row]`. */
export interface QuantizedBlock {
  readonly rows: number;
  readonly columns: number;
  /** `[columns, rows]`, transposed as integer products take it. */
  readonly values: Int8Array;
  readonly scales: Float32Array;
}

/**
 * Seven bits of the eight: where a processor lacks VNNI, pairs of products are summed in 16 bits, and 2 · 255 · 64 is
 * the most they hold.
 */
const largest = 63;

/** Reads weights from a safetensors file and quantises them, each row symmetrically by its own largest value. */
export class QuantizedWeights implements Disposable {
  readonly #tensors: ReadonlyMap<string, TensorInfo>;
  readonly #values: TensorValues;

  constructor(file: string, tensors: ReadonlyMap<string, TensorInfo>) {
    this.#tensors = tensors;
    this.#values = new TensorValues(path.dirname(file), path.basename(file));
  }

  block({ tensor, start, count }: TensorRows): QuantizedBlock {
    const info = this.#tensors.get(tensor);
    if (info?.shape.length !== 2) throw new SextantError('model_invalid', `“${tensor}” is no matrix.`);
    const columns = info.shape[1]!;
    const weights = this.#values.read(info, start * columns, count * columns);
    const values = new Int8Array(count * columns);
    const scales = peaksOf(weights, count, columns);
    const factors = scales.map((peak) => (peak === 0 ? 0 : largest / peak));
    for (let column = 0; column < columns; column++) {
      for (let row = 0; row < count; row++) {
        values[column * count + row] = Math.round(weights[row * columns + column]! * factors[row]!);
      }
    }
    for (let row = 0; row < count; row++) scales[row]! /= largest;
    return { rows: count, columns, values, scales };
  }

  [Symbol.dispose](): void {
    this.#values[Symbol.dispose]();
  }
}

/** Largest absolute value of each row. */
function peaksOf(weights: Float32Array, rows: number, columns: number): Float32Array {
  const peaks = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    let peak = 0;
    for (let column = 0; column < columns; column++) peak = Math.max(peak, Math.abs(weights[row * columns + column]!));
    peaks[row] = peak;
  }
  return peaks;
}
