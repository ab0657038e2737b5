import {
  advance,
  constant,
  instantiate,
  loadWord,
  noResult,
  op,
  unsigned,
  valueType,
  vector,
  vectorOp,
  wordBytes,
  type WasmFunction,
} from './wasmCode.ts';

/** Sums of so many bytes' bits still fit into a byte. */
const mostWords = 31;
/** Codes of more bits than this have no kernel. */
export const longestCode = mostWords * wordBytes * 8;

/** Adds to each 32-bit lane of the word on the stack the one that lies `lanes` on; `local` is overwritten. */
function addLanes(local: number, lanes: number): number[] {
  const places = Array.from({ length: wordBytes }, (_, byte) => (byte + 4 * lanes) % wordBytes);
  const get = [op.getLocal, local];
  return [op.teeLocal, local, ...get, ...get, ...vector(vectorOp.shuffle), ...places, ...vector(vectorOp.i32Add)];
}

function scanCode(words: number): WasmFunction {
  const [codes, count, distances, zero, ones, sums] = [0, 1, 2, 3, 4, 5];
  const wanted = (word: number) => 6 + word;
  const each = Array.from({ length: words }, (_, word) => word);
  const body = [
    ...each.flatMap((word) => [...loadWord(zero, word * wordBytes), op.setLocal, wanted(word)]),
    ...[...constant(1), ...vector(vectorOp.i16Splat), op.setLocal, ones],
    ...[op.block, noResult, op.loop, noResult, op.getLocal, count, op.i32Equals0, op.branchIf, 1],
    ...[op.getLocal, distances],
    ...each.flatMap((word) => [
      ...loadWord(codes, word * wordBytes),
      ...[op.getLocal, wanted(word), ...vector(vectorOp.xor), ...vector(vectorOp.i8PopulationCount)],
      ...(word === 0 ? [] : vector(vectorOp.i8Add)),
    ]),
    ...[...vector(vectorOp.i16AddPairsOf8), op.getLocal, ones, ...vector(vectorOp.i32Dot)],
    ...[...addLanes(sums, 2), ...addLanes(sums, 1)],
    ...[...vector(vectorOp.store16Lane), 1, ...unsigned(0), 0],
    ...advance(codes, words * wordBytes),
    ...advance(distances, Uint16Array.BYTES_PER_ELEMENT),
    ...[op.getLocal, count, ...constant(1), op.i32Subtract, op.setLocal, count],
    ...[op.branch, 0, op.end, op.end],
  ];
  const { i32, v128 } = valueType;
  return { parameters: 3, result: false, locals: [i32, v128, v128, ...each.map(() => v128)], body };
}

/**
 * Writes the Hamming distances of `count` codes, one after another from address `codes` on, to the code at address 0, as 16 bits each from
 * address `distances` on. Both addresses are multiples of 16.
 */
export type SignScan = (codes: number, count: number, distances: number) => void;

/**
 * For codes of `words` times 128 bits, at most {@link longestCode} bits: seven times as fast as JavaScript's 32 bits (104,000 codes of 384
 * bits: 0.35 and 2.4 ms).
 */
export function signScan(words: number, memory: WebAssembly.Memory): SignScan {
  return instantiate(scanCode(words), memory);
}
