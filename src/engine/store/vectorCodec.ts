/**
 * Largest difference between a vector and its stored form, as the length of the difference of the two unit vectors, that 8 bits
 * may leave. A cosine with any other vector is off by less than this (Cauchy-Schwarz), and by about this over the root of the
 * dimension for a vector of another direction: below 0.001 from 256 dimensions up.
 */
const largestInt8Error = 0.015;

function scaled<T extends Int8Array | Int16Array>(vector: Float32Array, peak: number, limit: number, target: T): T {
  for (let i = 0; i < vector.length; i += 1) target[i] = Math.round((vector[i]! / peak) * limit);
  return target;
}

/** Length of `vector - stored / |stored|`, both of length one. */
function errorOf(vector: Float32Array, stored: Int8Array): number {
  let dot = 0;
  let squares = 0;
  for (let i = 0; i < vector.length; i += 1) {
    dot += vector[i]! * stored[i]!;
    squares += stored[i]! * stored[i]!;
  }
  return Math.sqrt(Math.max(0, 2 - (2 * dot) / Math.sqrt(squares)));
}

/**
 * An L2-normalised vector `[dimension]` as whole numbers of 8 bits, or of 16 where 8 lose too much (a few huge components).
 * No scale is stored: the vector is the direction of the numbers.
 */
export function encodeVector(vector: Float32Array): Buffer {
  let peak = 0;
  for (const value of vector) peak = Math.max(peak, Math.abs(value));
  const small = scaled(vector, peak, 127, new Int8Array(vector.length));
  if (errorOf(vector, small) <= largestInt8Error) return Buffer.from(small.buffer);
  return Buffer.from(scaled(vector, peak, 32767, new Int16Array(vector.length)).buffer);
}

/** The whole numbers of a stored vector `[dimension]`; they give its direction only. */
export function storedIntegers(blob: Uint8Array, dimension: number): Int8Array | Int16Array {
  if (blob.byteLength === dimension) return new Int8Array(blob.buffer, blob.byteOffset, dimension);
  if (blob.byteLength !== 2 * dimension) throw new RangeError(`A stored vector has ${blob.byteLength} bytes.`);
  // A view of 16-bit numbers must start at an even address, which a blob from a pool need not, so it is copied.
  return new Int16Array(new Uint8Array(blob).buffer);
}

/** The L2-normalised vector `[dimension]` in `blob`. */
export function decodeVector(blob: Uint8Array, dimension: number): Float32Array {
  const integers = storedIntegers(blob, dimension);
  const vector = new Float32Array(dimension);
  let squares = 0;
  for (const value of integers) squares += value * value;
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  for (let i = 0; i < dimension; i += 1) vector[i] = integers[i]! * scale;
  return vector;
}

/** Cosine of an L2-normalised query `[dimension]` and a stored vector, without decoding it. */
export function cosineWithStored(query: Float32Array, blob: Uint8Array): number {
  const integers = storedIntegers(blob, query.length);
  let dot = 0;
  let squares = 0;
  for (let i = 0; i < query.length; i += 1) {
    const value = integers[i]!;
    dot += query[i]! * value;
    squares += value * value;
  }
  return squares === 0 ? 0 : dot / Math.sqrt(squares);
}

/** Signs of a vector `[dimension]`, eight a byte, lowest bit first; vec0 wants whole bytes, so the last is filled up. */
export function signBits(vector: Float32Array): Uint8Array {
  const bits = new Uint8Array(Math.ceil(vector.length / 8));
  for (let i = 0; i < vector.length; i += 1) {
    if (vector[i]! > 0) bits[i >> 3] = bits[i >> 3]! | (1 << (i & 7));
  }
  return bits;
}

/** Bits of a vec0 column for vectors `[dimension]`. */
export function bitCount(dimension: number): number {
  return Math.ceil(dimension / 8) * 8;
}

/** True for a vector that may be stored: right length, every component finite, length one within rounding. */
export function isStorable(vector: Float32Array, dimension: number): boolean {
  if (vector.length !== dimension) return false;
  let squares = 0;
  for (const value of vector) squares += value * value;
  return Math.abs(squares - 1) < 0.01;
}
