import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** What scripts/reference/makeModelFixtures.py wrote. */
export interface ReferenceModel {
  readonly config: Record<string, unknown>;
  readonly tensors: readonly (readonly [string, readonly number[]])[];
  readonly cases: readonly ReferenceCase[];
}

export interface ReferenceCase {
  readonly length: number;
  /** Tokens whose last hidden state was kept. */
  readonly rows: readonly number[];
  readonly hidden: string;
  readonly mean: string;
  readonly logits?: string;
}

/** The heads of a family over one encoder, and what is inside of it. */
export interface ReferenceHeads {
  readonly config: Record<string, unknown>;
  readonly tensors: ReferenceModel['tensors'];
  readonly heads: Readonly<
    Record<
      string,
      {
        readonly tensors: ReferenceModel['tensors'];
        readonly cases: readonly { readonly length: number; readonly typed: boolean; readonly logits: string }[];
      }
    >
  >;
  readonly inspection: {
    readonly length: number;
    /** Queries whose attention weights were kept. */
    readonly rows: readonly number[];
    /** Mean over the tokens, after the embeddings and after each layer but the last. */
    readonly hidden: readonly string[];
    /** `[heads, rows, length]` of each layer. */
    readonly attention: readonly string[];
  };
}

/** Gradients of a random linear function of embeddings: of each tensor the length, and the part along a random direction. */
export interface ReferenceGradients {
  readonly pooling: 'mean' | 'cls';
  readonly lengths: readonly number[];
  readonly gradients: Readonly<Record<string, readonly [length: number, along: number]>>;
}

const fixtures = path.join(import.meta.dirname, '..', '..', '..', 'fixtures', 'models');

export function referenceModel(name: string): ReferenceModel {
  return JSON.parse(readFileSync(path.join(fixtures, `${name}.json`), 'utf8')) as ReferenceModel;
}

export function referenceHeads(name: string): ReferenceHeads {
  return JSON.parse(readFileSync(path.join(fixtures, `${name}.json`), 'utf8')) as ReferenceHeads;
}

export function referenceGradients(): Readonly<Record<string, ReferenceGradients>> {
  const text = readFileSync(path.join(fixtures, 'gradients.json'), 'utf8');
  return JSON.parse(text) as Record<string, ReferenceGradients>;
}

export function floats(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(Buffer.from(base64, 'base64')).buffer);
}

/** The script's `noise`: unsigned 32-bit integers from a name and an index. */
export function noise(name: string, count: number): Uint32Array {
  let seed = 2166136261;
  for (const byte of Buffer.from(name)) seed = Math.imul(seed ^ byte, 16777619);
  return Uint32Array.from({ length: count }, (_, index) => {
    let x = (Math.imul(index, 2654435769) + seed) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b) >>> 0;
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35) >>> 0;
    return (x ^ (x >>> 16)) >>> 0;
  });
}

/** The script's `weight`. */
export function weight(name: string, shape: readonly number[]): Float32Array {
  const bits = noise(
    name,
    shape.reduce((a, b) => a * b, 1),
  );
  if (shape.length === 1 && name.endsWith('weight')) return Float32Array.from(bits, (x) => 1 + ((x >>> 27) - 16) / 128);
  const spread = name.includes('embeddings') ? 1 : 2 ** Math.round(Math.log2(2.5 / Math.sqrt(shape.at(-1)!)));
  const scale = shape.length > 1 ? spread : 0.25;
  return Float32Array.from(bits, (x) => ((2 * (x >>> 24) - 255) / 256) * scale);
}

/** The script's `token_ids`. */
export function tokenIds(length: number, vocabulary: number): Int32Array {
  return Int32Array.from(noise(`ids ${length}`, length), (x) => (x % (vocabulary - 5)) + 5);
}

/** The script's `values`: numbers between -1 and 1 that follow from a name. */
export function noiseValues(name: string, count: number): Float32Array {
  return Float32Array.from(noise(name, count), (x) => (x >>> 8) / 2 ** 23 - 1);
}

export type StoredType = 'F32' | 'F16' | 'BF16';

/** The bytes of a safetensors file. */
export function safetensors(tensors: ReferenceModel['tensors'], type: StoredType = 'F32'): Buffer {
  const header: Record<string, unknown> = { __metadata__: { format: 'pt' } };
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, shape] of tensors) {
    const data = encode(weight(name, shape), type);
    header[name] = { dtype: type, shape, data_offsets: [offset, offset + data.length] };
    offset += data.length;
    parts.push(data);
  }
  return withHeader(header, Buffer.concat(parts));
}

/** A safetensors file with this header, right or wrong. */
export function withHeader(header: unknown, data: Buffer): Buffer {
  let json = JSON.stringify(header);
  json += ' '.repeat((8 - (Buffer.byteLength(json) % 8)) % 8);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(json)));
  return Buffer.concat([length, Buffer.from(json), data]);
}

function encode(values: Float32Array, type: StoredType): Buffer {
  if (type === 'F32') return Buffer.from(values.buffer);
  if (type === 'F16') return Buffer.from(new Float16Array(values).buffer);
  const words = new Uint32Array(values.buffer);
  return Buffer.from(Uint16Array.from(words, (word) => word >>> 16).buffer);
}

/** A model folder without a tokenizer; the caller removes it. */
export function writeModelFolder(
  model: Pick<ReferenceModel, 'config' | 'tensors'>,
  type: StoredType = 'F32',
): Disposable & { readonly folder: string } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sextant-model-'));
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(model.config));
  writeFileSync(path.join(folder, 'model.safetensors'), safetensors(model.tensors, type));
  return { folder, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
