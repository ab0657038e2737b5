/**
 * As much of WebAssembly's binary format as it takes to put small functions together at run time, for just the sizes at hand, rather than
 * to keep binaries: opcodes as in the WebAssembly core specification 2.0, §5.4.
 */

export const op = {
  block: 0x02,
  loop: 0x03,
  end: 0x0b,
  branch: 0x0c,
  branchIf: 0x0d,
  getLocal: 0x20,
  setLocal: 0x21,
  teeLocal: 0x22,
  i32Const: 0x41,
  i32Equals0: 0x45,
  i32AtLeast: 0x4f,
  i32Add: 0x6a,
  i32Subtract: 0x6b,
  /** Before each of {@link vectorOp}. */
  vector: 0xfd,
} as const;

export const vectorOp = {
  load: 0x00,
  shuffle: 0x0d,
  i16Splat: 0x10,
  i32Splat: 0x11,
  i16AtMost: 0x34,
  i32AtLeast: 0x40,
  xor: 0x51,
  anyTrue: 0x53,
  store16Lane: 0x59,
  i8PopulationCount: 0x62,
  i8Add: 0x6e,
  i16AddPairsOf8: 0x7d,
  i32Add: 0xae,
  i32Dot: 0xba,
} as const;

export const valueType = { i32: 0x7f, v128: 0x7b } as const;
export type ValueType = (typeof valueType)[keyof typeof valueType];
export const noResult = 0x40;
/** Bytes that one vector instruction takes in. */
export const wordBytes = 16;

const functionType = 0x60;
const section = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...unsigned(value >>> 7)];
}

/** Pushes a number that is not negative. */
export function constant(value: number): number[] {
  return [op.i32Const, ...signed(value)];
}

/** Signed LEB128 of a number that is not negative. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signed(value >>> 7)];
}

export function vector(code: number): number[] {
  return [op.vector, ...unsigned(code)];
}

/** Pushes the word that lies `offset` bytes behind the address in a local. */
export function loadWord(local: number, offset = 0): number[] {
  const alignment = 4;
  return [op.getLocal, local, ...vector(vectorOp.load), alignment, ...unsigned(offset)];
}

/** Adds to a local. */
export function advance(local: number, bytes: number): number[] {
  return [op.getLocal, local, ...constant(bytes), op.i32Add, op.setLocal, local];
}

function withLength(items: readonly number[]): number[] {
  return [...unsigned(items.length), ...items];
}

function name(text: string): number[] {
  return withLength([...new TextEncoder().encode(text)]);
}

export interface WasmFunction {
  readonly parameters: number;
  readonly result: boolean;
  /** Behind the parameters. */
  readonly locals: readonly ValueType[];
  /** Without the last `end`. */
  readonly body: readonly number[];
}

/**
 * The function, which takes and returns 32-bit numbers, over a memory.
 * @throws WebAssembly.CompileError where there are no 128-bit instructions.
 */
export function instantiate(code: WasmFunction, memory: WebAssembly.Memory): (...numbers: number[]) => number {
  const { i32 } = valueType;
  const parameters = withLength(Array.from({ length: code.parameters }, () => i32));
  const locals = [code.locals.length, ...code.locals.flatMap((type) => [1, type])];
  const sections: readonly (readonly [number, readonly number[]])[] = [
    [section.type, [1, functionType, ...parameters, ...(code.result ? [1, i32] : [0])]],
    [section.import, [1, ...name('host'), ...name('memory'), 2, 0, 1]],
    [section.function, [1, 0]],
    [section.export, [1, ...name('run'), 0, 0]],
    [section.code, [1, ...withLength([...locals, ...code.body, op.end])]],
  ];
  const bytes = Uint8Array.from([...magic, ...sections.flatMap(([id, content]) => [id, ...withLength(content)])]);
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(bytes), { host: { memory } });
  return exports['run'] as (...numbers: number[]) => number;
}
