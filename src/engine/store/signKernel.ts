/**
 * Hamming distances of one code to many, in WebAssembly's 128-bit instructions: seven times as fast as JavaScript's 32 bits (104,000 codes
 * of 384 bits: 0.35 and 2.4 ms). The module is put together here, with a loop for just the length of the codes, rather than kept as a
 * binary: opcodes as in the WebAssembly core specification 2.0, §5.4.
 */

const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  getLocal: 0x20,
  setLocal: 0x21,
  i32Store16: 0x3b,
  i32Const: 0x41,
  i32Equals0: 0x45,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  /** Before each of `vectorOp`. */
  vector: 0xfd,
} as const;

const vectorOp = {
  load: 0x00,
  i32Lane: 0x1b,
  xor: 0x51,
  i8PopulationCount: 0x62,
  i8Add: 0x6e,
  i16AddPairsOf8: 0x7d,
  i32AddPairsOf16: 0x7f,
} as const;

const valueType = { i32: 0x7f, v128: 0x7b } as const;
const functionType = 0x60;
const noResult = 0x40;
const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Bytes that one instruction takes in. */
export const wordBytes = 16;
/** Sums of so many bytes' bits still fit into a byte. */
const mostWords = 31;
/** Codes of more bits than this have no kernel. */
export const longestCode = mostWords * wordBytes * 8;

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Signed LEB128 of a number that is not negative. */
function constant(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...constant(value >>> 7)];
}

function withLength(items: readonly number[]): number[] {
  return [...unsigned(items.length), ...items];
}

function name(text: string): number[] {
  return withLength([...new TextEncoder().encode(text)]);
}

function vector(code: number): number[] {
  return [op.vector, ...unsigned(code)];
}

/** The words of the wanted code lie from address 0 on. */
function load(local: number, word: number): number[] {
  const alignment = 4;
  return [op.getLocal, local, ...vector(vectorOp.load), alignment, ...unsigned(word * wordBytes)];
}

function advance(local: number, bytes: number): number[] {
  return [op.getLocal, local, op.i32Const, ...constant(bytes), op.i32Add, op.setLocal, local];
}

function scanBody(words: number): number[] {
  const [codes, count, distances, zero, sums] = [0, 1, 2, 3, 4];
  const wanted = (word: number) => 5 + word;
  const each = Array.from({ length: words }, (_, word) => word);
  const body = [
    ...each.flatMap((word) => [...load(zero, word), op.setLocal, wanted(word)]),
    ...[op.block, noResult, op.loop, noResult, op.getLocal, count, op.i32Equals0, op.branchIf, 1],
    ...each.flatMap((word) => [
      ...load(codes, word),
      ...[op.getLocal, wanted(word), ...vector(vectorOp.xor), ...vector(vectorOp.i8PopulationCount)],
      ...(word === 0 ? [] : vector(vectorOp.i8Add)),
    ]),
    ...[...vector(vectorOp.i16AddPairsOf8), ...vector(vectorOp.i32AddPairsOf16), op.setLocal, sums],
    ...[op.getLocal, distances],
    ...[0, 1, 2, 3].flatMap((lane) => [
      ...[op.getLocal, sums, ...vector(vectorOp.i32Lane), lane],
      ...(lane === 0 ? [] : [op.i32Add]),
    ]),
    ...[op.i32Store16, 1, 0],
    ...advance(codes, words * wordBytes),
    ...advance(distances, 2),
    ...[op.getLocal, count, op.i32Const, 1, op.i32Subtract, op.setLocal, count],
    ...[op.branch, 0, op.end, op.end, op.end],
  ];
  const locals = [2, ...[1, valueType.i32], ...[...unsigned(1 + words), valueType.v128]];
  return withLength([...locals, ...body]);
}

function moduleBytes(words: number): Uint8Array<ArrayBuffer> {
  const { i32 } = valueType;
  const sections: readonly (readonly [number, readonly number[]])[] = [
    [section.type, [1, functionType, 3, i32, i32, i32, 0]],
    [section.import, [1, ...name('host'), ...name('memory'), 2, 0, 1]],
    [section.function, [1, 0]],
    [section.export, [1, ...name('scan'), 0, 0]],
    [section.code, [1, ...scanBody(words)]],
  ];
  return Uint8Array.from([...magic, ...sections.flatMap(([id, content]) => [id, ...withLength(content)])]);
}

/**
 * Writes the distances of `count` codes, one after another from address `codes` on, to the code at address 0, as 16 bits each from address
 * `distances` on. Both addresses are multiples of 16.
 */
export type SignScan = (codes: number, count: number, distances: number) => void;

/** For codes of `words` times 128 bits, at most {@link longestCode} bits. */
export function signScan(words: number, memory: WebAssembly.Memory): SignScan {
  const module = new WebAssembly.Module(moduleBytes(words));
  const { exports } = new WebAssembly.Instance(module, { host: { memory } });
  return exports['scan'] as SignScan;
}
