import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { constants, createZstdCompress } from 'node:zlib';
import { SextantError } from '../../shared/errors.ts';
import type { ExportSummary } from '../../shared/transfer.ts';
import { schemaVersion } from '../store/migrate.ts';
import { portableFormat } from '../store/portableTables.ts';
import { version } from '../version.ts';
import { encodeHeader } from './indexFileHeader.ts';
import { writePortableInThread } from './portableJob.ts';

/** Zstandard's level: higher ones take several times as long for a few percent. */
const level = 9;

async function hashOf(file: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash, { signal });
  return hash.digest('hex');
}

function writeFailure(file: string, error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'ENOSPC') return new SextantError('disk_full', `The disk for ${file} is full.`, { cause: error });
  if (typeof code === 'string' && /^E[A-Z]+$/.test(code)) {
    return new SextantError('invalid_argument', `${file} cannot be written.`, { cause: error });
  }
  return error;
}

/**
 * Writes the index of a root to one compressed file, whole or not at all. It holds no absolute paths and none of the files that
 * the secret scanner withholds. `database`: the root's, see `databaseFile`.
 * @throws SextantError `index_missing`, `disk_full`, `invalid_argument` for a place that cannot be written; the signal's reason.
 */
export async function exportIndex(database: string, file: string, signal: AbortSignal): Promise<ExportSummary> {
  const target = path.resolve(file);
  const id = randomBytes(4).toString('hex');
  const portable = path.join(path.dirname(database), `export-${id}.partial`);
  const partial = `${target}.${id}.partial`;
  try {
    const { withheld, ...contents } = await writePortableInThread(database, portable, signal);
    const { size } = await stat(portable);
    const sha256 = await hashOf(portable, signal);
    const header = {
      format: portableFormat,
      product: version,
      schema: schemaVersion,
      ...contents,
      bytes: size,
      sha256,
    };
    const output = createWriteStream(partial, { flags: 'wx' });
    output.write(encodeHeader(header));
    const compress = createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: level } });
    await pipeline(createReadStream(portable), compress, output, { signal });
    await rename(partial, target);
    const { files, chunks } = contents;
    return { file: target, bytes: (await stat(target)).size, files, chunks, withheld };
  } catch (error) {
    signal.throwIfAborted();
    throw writeFailure(target, error);
  } finally {
    await rm(portable, { force: true });
    await rm(partial, { force: true });
  }
}
