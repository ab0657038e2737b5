import { createHash } from 'node:crypto';
import { open, type FileHandle } from 'node:fs/promises';
import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';

/**
 * An index file: these eight bytes, the length of the header (32 bits, little-endian), the header as JSON, its SHA-256, and the
 * portable database (see `store/portableTables.ts`) compressed with Zstandard, to the end of the file.
 */
const magic = Buffer.from('SXTINDEX', 'ascii');
const hashBytes = 32;
const longestHeader = 64 * 1024;

export const indexFileHeaderSchema = z.object({
  /** Of the portable database; see `portableFormat`. */
  format: z.int(),
  /** Version of Sextant that wrote it, for people. */
  product: z.string(),
  /** Schema of the database it was made from. */
  schema: z.int(),
  chunkerVersion: z.string(),
  model: z.object({
    fingerprint: z.string(),
    name: z.string(),
    dimension: z.int().check(z.gte(1), z.lte(65_536)),
  }),
  files: z.int(),
  chunks: z.int(),
  embedded: z.int(),
  /** Length and SHA-256 (hex) of the database before compression. */
  bytes: z.int().check(z.gte(0)),
  sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
});
export type IndexFileHeader = z.infer<typeof indexFileHeaderSchema>;

/** Only these are read of the header of a format that is not known. */
const anyFormatSchema = z.object({ format: z.int(), product: z.string() });

/** Everything of an index file that comes before the compressed database. */
export function encodeHeader(header: IndexFileHeader): Buffer {
  const json = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return Buffer.concat([magic, length, json, createHash('sha256').update(json).digest()]);
}

export function damagedFile(file: string, detail: string, cause?: unknown): SextantError {
  return new SextantError('invalid_argument', `${file} is damaged: ${detail}.`, {
    hint: 'Get the file again; nothing was changed.',
    cause,
  });
}

async function readExactly(handle: FileHandle, length: number, position: number): Promise<Buffer | undefined> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return bytesRead === length ? buffer : undefined;
}

function parseHeader(file: string, json: Buffer, knownFormat: number): IndexFileHeader {
  const value: unknown = JSON.parse(json.toString('utf8'));
  const any = anyFormatSchema.safeParse(value);
  if (any.success && any.data.format !== knownFormat) {
    throw new SextantError(
      'database_too_new',
      `${file} was made by Sextant ${any.data.product}, in a format that this one does not know.`,
      {
        hint: 'Update Sextant, or export the index with this version.',
      },
    );
  }
  const parsed = indexFileHeaderSchema.safeParse(value);
  if (!parsed.success) throw damagedFile(file, 'its header cannot be read');
  return parsed.data;
}

export interface OpenedHeader {
  readonly header: IndexFileHeader;
  /** Where the compressed database begins. */
  readonly bodyOffset: number;
}

/**
 * Reads and checks the header.
 * @throws SextantError `not_found` for no such file; `invalid_argument` for one that is no index file or is damaged;
 * `database_too_new` for a format that this build does not know.
 */
export async function readHeader(file: string, knownFormat: number): Promise<OpenedHeader> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'r');
  } catch (cause) {
    throw new SextantError('not_found', `${file} cannot be read.`, { cause });
  }
  try {
    const start = await readExactly(handle, magic.length + 4, 0);
    if (!start?.subarray(0, magic.length).equals(magic)) {
      throw new SextantError('invalid_argument', `${file} is not an index file of Sextant.`, {
        hint: 'Make one with `sextant index --export FILE`.',
      });
    }
    const length = start.readUInt32LE(magic.length);
    if (length > longestHeader) throw damagedFile(file, 'its header is too long');
    const rest = await readExactly(handle, length + hashBytes, start.length);
    if (rest === undefined) throw damagedFile(file, 'it ends within its header');
    const json = rest.subarray(0, length);
    if (!createHash('sha256').update(json).digest().equals(rest.subarray(length))) {
      throw damagedFile(file, 'its header is not what was written');
    }
    return { header: parseHeader(file, json, knownFormat), bodyOffset: start.length + rest.length };
  } finally {
    await handle.close();
  }
}
