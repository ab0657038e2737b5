import { closeSync, openSync, readSync } from 'node:fs';
import { SextantError } from '../../shared/errors.ts';
import type { TensorRows } from '../model/network.ts';
import type { TensorInfo } from '../model/safetensors.ts';

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
  readonly #descriptor: number;

  constructor(file: string, tensors: ReadonlyMap<string, TensorInfo>) {
    this.#tensors = tensors;
    this.#descriptor = openSync(file, 'r');
  }

  block({ tensor, start, count }: TensorRows): QuantizedBlock {
    const info = this.#tensors.get(tensor);
    if (info?.shape.length !== 2) throw new SextantError('model_invalid', `“${tensor}” is no matrix.`);
    const columns = info.shape[1]!;
    const weights = this.#read(info, start * columns, count * columns);
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
    closeSync(this.#descriptor);
  }

  #read({ type, offset, bytes, shape }: TensorInfo, start: number, count: number): Float32Array {
    const size = bytes / shape.reduce((a, b) => a * b, 1);
    const buffer = new Uint8Array(count * size);
    let done = 0;
    while (done < buffer.length) {
      const read = readSync(this.#descriptor, buffer, done, buffer.length - done, offset + start * size + done);
      if (read === 0) throw new SextantError('model_invalid', 'The model’s weights file is cut off.');
      done += read;
    }
    switch (type) {
      case 'F32':
        return new Float32Array(buffer.buffer);
      case 'F16':
        return Float32Array.from(new Uint16Array(buffer.buffer), floatOfHalf);
      case 'BF16':
        return new Float32Array(Uint32Array.from(new Uint16Array(buffer.buffer), (half) => half << 16).buffer);
      case 'I8':
        throw new SextantError('model_invalid', 'Weights that are integers already cannot be quantised.');
    }
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

/** Value of an IEEE 754 half; VS Code's own Node has no `Float16Array` yet. */
function floatOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}
