import { open, type FileHandle } from 'node:fs/promises';
import { SextantError } from '../../shared/errors.ts';

export type TensorType = 'F32' | 'F16' | 'BF16' | 'I8';

export interface TensorInfo {
  readonly type: TensorType;
  readonly shape: readonly number[];
  /** Where it is not in the file that the folder's weights are in by their name: path relative to `ModelFolder.weightsRoot`. */
  readonly file?: string;
  /** Bytes from the start of the file. */
  readonly offset: number;
  readonly bytes: number;
}

/** What the header of a safetensors file says (https://huggingface.co/docs/safetensors), after every claim was checked. */
export interface SafetensorsHeader {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fileBytes: number;
}

const typeSizes: Readonly<Record<TensorType, number>> = { F32: 4, F16: 2, BF16: 2, I8: 1 };
// Sizes of the format's other types: checked for consistency, then left out, since no operation reads them.
const ignoredTypeSizes = new Map(
  Object.entries({ F64: 8, I64: 8, I32: 4, I16: 2, U8: 1, BOOL: 1, U16: 2, U32: 4, U64: 8 }),
);
const lengthBytes = 8;
// The format's own bound (100 MB) is far above what encoders need: about 150 bytes a tensor.
const maxHeaderBytes = 16 * 1024 * 1024;
const maxRank = 8;

/**
 * Reads the header and checks it against the size of the file before anything is allocated for a tensor.
 * @throws SextantError `model_invalid` for a truncated, lying or overlapping header.
 */
export async function readSafetensorsHeader(file: string): Promise<SafetensorsHeader> {
  const handle = await open(file, 'r');
  try {
    const fileBytes = (await handle.stat()).size;
    const headerBytes = await readHeaderLength(handle, fileBytes);
    const text = (await readBytes(handle, lengthBytes, headerBytes)).toString('utf8');
    return checkHeader(parseJson(text), lengthBytes + headerBytes, fileBytes);
  } finally {
    await handle.close();
  }
}

async function readHeaderLength(handle: FileHandle, fileBytes: number): Promise<number> {
  if (fileBytes < lengthBytes) throw invalid('the file is shorter than its header');
  const length = (await readBytes(handle, 0, lengthBytes)).readBigUInt64LE();
  if (length > BigInt(maxHeaderBytes)) throw invalid(`its header claims ${length.toString()} bytes`);
  if (lengthBytes + Number(length) > fileBytes) throw invalid('its header is cut off');
  return Number(length);
}

async function readBytes(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(buffer, done, length - done, position + done);
    if (bytesRead === 0) throw invalid('the file is cut off');
    done += bytesRead;
  }
  return buffer;
}

function parseJson(text: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw invalid('its header is not JSON', cause);
  }
  if (!isRecord(json)) throw invalid('its header is not an object');
  return json;
}

function checkHeader(json: Record<string, unknown>, dataStart: number, fileBytes: number): SafetensorsHeader {
  const tensors = new Map<string, TensorInfo>();
  const ranges: { readonly name: string; readonly start: number; readonly end: number }[] = [];
  let metadata: Record<string, string> = {};
  for (const [name, entry] of Object.entries(json)) {
    if (name === '__metadata__') {
      metadata = checkMetadata(entry);
      continue;
    }
    const { info, kept } = checkTensor(name, entry, dataStart, fileBytes);
    ranges.push({ name, start: info.offset, end: info.offset + info.bytes });
    if (kept) tensors.set(name, info);
  }
  ranges.sort((a, b) => a.start - b.start || a.end - b.end);
  for (const [index, range] of ranges.entries()) {
    const next = ranges[index + 1];
    if (next !== undefined && next.start < range.end) throw invalid(`“${range.name}” and “${next.name}” overlap`);
  }
  return { tensors, metadata, fileBytes };
}

function checkMetadata(entry: unknown): Record<string, string> {
  if (!isRecord(entry)) throw invalid('its metadata is not an object');
  return Object.fromEntries(
    Object.entries(entry).filter((pair): pair is [string, string] => typeof pair[1] === 'string'),
  );
}

function checkTensor(
  name: string,
  entry: unknown,
  dataStart: number,
  fileBytes: number,
): { readonly info: TensorInfo; readonly kept: boolean } {
  if (!isRecord(entry)) throw invalid(`the entry of “${name}” is not an object`);
  const { dtype, shape, data_offsets: offsets } = entry;
  const kept = isTensorType(dtype);
  const typeSize = kept ? typeSizes[dtype] : ignoredTypeSizes.get(String(dtype));
  if (typeSize === undefined) throw invalid(`“${name}” is of the unknown type ${JSON.stringify(dtype)}`);
  if (!isSizes(shape) || shape.length > maxRank) throw invalid(`“${name}” has no usable shape`);
  if (!isSizes(offsets) || offsets.length !== 2) throw invalid(`“${name}” has no usable offsets`);
  const [start, end] = offsets as [number, number];
  if (start > end || dataStart + end > fileBytes) throw invalid(`“${name}” lies outside of the file`);
  // Sizes are whole numbers below 2^53, and the product is checked against the range at each step, so it stays exact.
  let bytes = typeSize;
  for (const size of shape) {
    bytes *= size;
    if (bytes > fileBytes) throw invalid(`“${name}” claims more than the file holds`);
  }
  if (bytes !== end - start) throw invalid(`“${name}” needs ${bytes} bytes but is given ${end - start}`);
  return { info: { type: kept ? dtype : 'I8', shape, offset: dataStart + start, bytes }, kept };
}

function isTensorType(value: unknown): value is TensorType {
  return typeof value === 'string' && Object.hasOwn(typeSizes, value);
}

function isSizes(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function invalid(what: string, cause?: unknown): SextantError {
  return new SextantError('model_invalid', `The model's weights file is damaged: ${what}.`, {
    hint: 'Download or copy the model again.',
    ...(cause === undefined ? {} : { cause }),
  });
}
