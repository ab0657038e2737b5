import { blockSize } from '../postingCodec.ts';

/** Lengths of a segment's chunks as they lie in a row; a copy, for bytes may start at an odd address. All zero without a row. */
export function lengthsFrom(bytes: Uint8Array | null): Uint16Array {
  if (bytes === null) return new Uint16Array(blockSize);
  return new Uint16Array(new Uint8Array(bytes).buffer, 0, blockSize);
}
