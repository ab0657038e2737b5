/** Arrays in PostgreSQL's binary form (`array_send`): nothing to print here or to parse there. */

const oids = { real: 700, bigint: 20, bytea: 17 } as const;
const headerBytes = 20;

/** One dimension, no nulls, counted from 1; `bytes` a value, each with its length before it. */
function arrayOf(
  oid: number,
  bytes: number,
  length: number,
  write: (buffer: Buffer, at: number, i: number) => void,
): Buffer {
  const buffer = Buffer.allocUnsafe(headerBytes + length * (4 + bytes));
  for (const [i, value] of [1, 0, oid, length, 1].entries()) buffer.writeInt32BE(value, 4 * i);
  for (let i = 0, at = headerBytes; i < length; i += 1, at += 4 + bytes) {
    buffer.writeInt32BE(bytes, at);
    write(buffer, at + 4, i);
  }
  return buffer;
}

/** For a parameter of type `real[]`. */
export function realArray(values: Float32Array): Buffer {
  return arrayOf(oids.real, 4, values.length, (buffer, at, i) => buffer.writeFloatBE(values[i]!, at));
}

/** For a parameter of type `bigint[]`; whole numbers up to 2^53. */
export function bigintArray(values: readonly number[]): Buffer {
  return arrayOf(oids.bigint, 8, values.length, (buffer, at, i) => {
    buffer.writeInt32BE(Math.floor(values[i]! / 2 ** 32), at);
    buffer.writeUInt32BE(values[i]! % 2 ** 32, at + 4);
  });
}

/** For a parameter of type `bytea[]`: values of the same length. */
export function bytesArray(values: readonly Uint8Array[]): Buffer {
  return arrayOf(oids.bytea, values[0]?.length ?? 0, values.length, (buffer, at, i) => buffer.set(values[i]!, at));
}
