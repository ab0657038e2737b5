/** Bytes before the numbers in pgvector's binary form: the dimension and a reserved field, 16 bits each, big endian. */
const headerBytes = 4;

let table: Float32Array | undefined;

/** Value of each of the 65,536 half-precision numbers (IEEE 754-2019, binary16). */
function halfValues(): Float32Array {
  if (table !== undefined) return table;
  table = new Float32Array(1 << 16);
  for (let bits = 0; bits < table.length; bits += 1) {
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    const sign = bits & 0x8000 ? -1 : 1;
    if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else if (exponent === 0x1f) table[bits] = fraction === 0 ? sign * Infinity : NaN;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}

/** What `halfvec_send` gives, in the form in which SQLite holds it; see `vectorCodec.ts`. */
export function storedFromHalf(bytes: Buffer): Buffer {
  const values = halfValues();
  const integers = new Int16Array(bytes.readUInt16BE(0));
  let peak = 0;
  for (let i = 0, at = headerBytes; i < integers.length; i += 1, at += 2) {
    integers[i] = values[(bytes[at]! << 8) | bytes[at + 1]!]!;
    peak = Math.max(peak, Math.abs(integers[i]!));
  }
  return Buffer.from(peak <= 127 ? Int8Array.from(integers).buffer : integers.buffer);
}

/** The L2-normalised vector in what `halfvec_send` gives; all zero for one without direction. */
export function decodeHalfVector(bytes: Buffer): Float32Array {
  const values = halfValues();
  const vector = new Float32Array(bytes.readUInt16BE(0));
  let squares = 0;
  for (let i = 0, at = headerBytes; i < vector.length; i += 1, at += 2) {
    const value = values[(bytes[at]! << 8) | bytes[at + 1]!]!;
    vector[i] = value;
    squares += value * value;
  }
  const scale = squares === 0 ? 0 : 1 / Math.sqrt(squares);
  for (let i = 0; i < vector.length; i += 1) vector[i]! *= scale;
  return vector;
}
