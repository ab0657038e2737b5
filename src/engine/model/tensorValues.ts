import { closeSync, openSync, readSync } from 'node:fs';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { TensorInfo } from './safetensors.ts';

/** Reads values of tensors from safetensors files, which stay open until it is disposed. */
export class TensorValues implements Disposable {
  readonly #root: string;
  readonly #file: string;
  readonly #descriptors = new Map<string, number>();

  /** `file` holds the tensors that name no other; both are relative to `root`. */
  constructor(root: string, file: string) {
    this.#root = root;
    this.#file = file;
  }

  /** `count` values from the `start`-th on, as float32; all of them by default. */
  read(info: TensorInfo, start = 0, count = sizeOf(info) - start): Float32Array {
    const size = info.bytes / sizeOf(info);
    const buffer = this.bytes(info, start * size, count * size);
    switch (info.type) {
      case 'F32':
        return new Float32Array(buffer.buffer);
      case 'F16':
        return floatsOfHalves(new Uint16Array(buffer.buffer));
      case 'BF16':
        return floatsOfBrains(new Uint16Array(buffer.buffer));
      case 'I8':
        throw new SextantError('model_invalid', 'Weights that are integers already cannot be used as numbers.');
    }
  }

  /** Bytes of a tensor as they are stored. */
  bytes({ offset, bytes, file = this.#file }: TensorInfo, start = 0, count = bytes - start): Uint8Array<ArrayBuffer> {
    const descriptor = this.#open(file);
    const buffer = new Uint8Array(count);
    let done = 0;
    while (done < count) {
      const read = readSync(descriptor, buffer, done, count - done, offset + start + done);
      if (read === 0) throw new SextantError('model_invalid', 'The model’s weights file is cut off.');
      done += read;
    }
    return buffer;
  }

  [Symbol.dispose](): void {
    for (const descriptor of this.#descriptors.values()) closeSync(descriptor);
    this.#descriptors.clear();
  }

  #open(file: string): number {
    const known = this.#descriptors.get(file);
    if (known !== undefined) return known;
    const descriptor = openSync(path.join(this.#root, file), 'r');
    this.#descriptors.set(file, descriptor);
    return descriptor;
  }
}

function sizeOf({ shape }: TensorInfo): number {
  return shape.reduce((a, b) => a * b, 1);
}

// Plain loops: `from` with a function takes ten times as long, and tables have millions of values.
function floatsOfHalves(halves: Uint16Array): Float32Array {
  const result = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) result[i] = floatOfHalf(halves[i]!);
  return result;
}

function floatsOfBrains(brains: Uint16Array): Float32Array {
  const words = new Uint32Array(brains.length);
  for (let i = 0; i < brains.length; i++) words[i] = brains[i]! << 16;
  return new Float32Array(words.buffer);
}

/** Value of an IEEE 754 half; VS Code's own Node has no `Float16Array` yet. */
function floatOfHalf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 31) return fraction === 0 ? sign * Infinity : NaN;
  return exponent === 0 ? sign * fraction * 2 ** -24 : sign * (1024 + fraction) * 2 ** (exponent - 25);
}

const word = new Uint32Array(1);
const float = new Float32Array(word.buffer);

/** See {@link halfOfFloat}. */
export function halvesOfFloats(values: Float32Array): Uint16Array {
  const result = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = halfOfFloat(values[i]!);
  return result;
}

/** See {@link brainOfFloat}. */
export function brainsOfFloats(values: Float32Array): Uint16Array {
  const result = new Uint16Array(values.length);
  for (let i = 0; i < values.length; i++) result[i] = brainOfFloat(values[i]!);
  return result;
}

/** The nearest IEEE 754 half, ties to even; what is too large becomes the largest finite one. */
export function halfOfFloat(value: number): number {
  float[0] = value;
  const bits = word[0]!;
  const sign = (bits >>> 16) & 0x8000;
  if (Number.isNaN(value)) return sign | 0x7e00;
  const magnitude = Math.abs(value);
  if (magnitude >= 65504) return sign | 0x7bff;
  // Below the smallest normal half, values are multiples of 2^-24.
  if (magnitude < 2 ** -14) return sign | roundToEven(magnitude * 2 ** 24);
  const rebased = (bits & 0x7fffffff) - ((127 - 15) << 23);
  return sign | roundToEven(rebased / 2 ** 13);
}

/** The upper half of a float32, rounded to nearest, ties to even. */
export function brainOfFloat(value: number): number {
  float[0] = value;
  return Number.isNaN(value) ? 0x7fc0 : roundToEven(word[0]! / 2 ** 16);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? floor + 1 : floor;
}
