import { createHash, randomBytes } from 'node:crypto';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  linkSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdDecompress } from 'node:zlib';
import { SextantError } from '../../shared/errors.ts';
import type { ImportSummary } from '../../shared/transfer.ts';
import { deleteDatabase, ownerOnly } from '../store/databaseFile.ts';
import { schemaVersion } from '../store/migrate.ts';
import { portableFormat } from '../store/portableTables.ts';
import { WriterLease } from '../store/writerLease.ts';
import { damagedFile, readHeader, type IndexFileHeader } from './indexFileHeader.ts';
import { readPortableInThread } from './portableJob.ts';

/** What this build and its settings can use. */
export interface ImportExpectations {
  readonly chunkerVersion: string;
  readonly fingerprint: string;
  /** Name of the model, for messages. */
  readonly model: string;
}

export interface ImportedIndex extends ImportSummary {
  /** Call when the folder has been indexed after the import: what was only lent is let go. */
  readonly dispose: () => void;
}

const lentPrefix = 'import-';
const leftoverMs = 24 * 3600 * 1000;

function checkHeader(file: string, header: IndexFileHeader, expected: ImportExpectations): void {
  if (header.schema > schemaVersion) {
    throw new SextantError('database_too_new', `${file} was made by a newer Sextant (${header.product}).`, {
      hint: 'Update Sextant, or export the index with this version.',
    });
  }
  if (header.chunkerVersion !== expected.chunkerVersion) {
    throw new SextantError(
      'model_mismatch',
      `${file} was made by a Sextant that cuts files differently (${header.product}).`,
      {
        hint: 'Export the index with this version.',
      },
    );
  }
  if (header.model.fingerprint !== expected.fingerprint) {
    const { name } = header.model;
    const same = name === expected.model ? 'another version of it' : expected.model;
    throw new SextantError('model_mismatch', `${file} was made with the model ${name}; in use is ${same}.`, {
      hint: `Choose ${name} with --model, or export the index with the model in use.`,
    });
  }
}

/** Unpacks the database to `target`, which must be what the header says byte by byte, and never more. */
async function unpack(
  file: string,
  bodyOffset: number,
  { bytes, sha256 }: IndexFileHeader,
  target: string,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash('sha256');
  let length = 0;
  const check = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      length += chunk.length;
      hash.update(chunk);
      if (length > bytes) done(damagedFile(file, 'it is longer than it says'));
      else done(null, chunk);
    },
  });
  try {
    const source = createReadStream(file, { start: bodyOffset });
    await pipeline(source, createZstdDecompress(), check, createWriteStream(target, { flags: 'wx' }), { signal });
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SextantError) throw error;
    if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
      throw new SextantError('disk_full', 'The disk that holds the index is full.', { cause: error });
    }
    throw damagedFile(file, 'it cannot be unpacked', error);
  }
  if (length !== bytes) throw damagedFile(file, 'it is cut short');
  if (hash.digest('hex') !== sha256) throw damagedFile(file, 'its contents are not what was written');
}

/** What an import or export that was killed has left; younger files may be those of one that runs. */
function removeLeftovers(storageDir: string): void {
  for (const name of readdirSync(storageDir)) {
    if (!name.startsWith(lentPrefix) && !name.startsWith('export-')) continue;
    const file = path.join(storageDir, name);
    const age = Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? Infinity);
    if (age > leftoverMs) rmSync(file, { force: true });
  }
}

/** Puts the database where the root's is looked for; false when there is one already, which then stays as it is. */
function install(database: string, target: string): boolean {
  try {
    linkSync(database, target);
    rmSync(database);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    // A file system without hard links.
    if (existsSync(target)) return false;
    renameSync(database, target);
    return true;
  }
}

/** Deletes the index of the root, unless another process is writing it. */
function clear(target: string): void {
  if (!existsSync(target)) return;
  const lease = new WriterLease(`${target}.lock`);
  if (!lease.tryAcquire()) {
    throw new SextantError('database_busy', 'Another window or command is indexing this folder.', {
      hint: 'Close it or wait until it is done, then try again.',
    });
  }
  try {
    deleteDatabase(target);
  } finally {
    lease.release();
  }
}

/**
 * Takes over an index file for a root's `database` (see `databaseFile`): as its index where it has none (or `replace` says to throw the old one away), else as a
 * store of embeddings that the next indexing borrows from. Nothing is changed before the file has been checked to its end.
 * Afterwards the folder must be indexed: hashes decide which files have changed.
 * @throws SextantError `not_found`, `invalid_argument` for a damaged or foreign file, `database_too_new`, `model_mismatch`,
 * `database_busy`, `disk_full`; the signal's reason when cancelled.
 */
export async function importIndex(
  database: string,
  file: string,
  { expected, replace, signal }: { expected: ImportExpectations; replace: boolean; signal: AbortSignal },
): Promise<ImportedIndex> {
  const source = path.resolve(file);
  const { header, bodyOffset } = await readHeader(source, portableFormat);
  checkHeader(source, header, expected);
  const storageDir = path.dirname(database);
  await mkdir(storageDir, { recursive: true, mode: ownerOnly });
  removeLeftovers(storageDir);
  const id = randomBytes(4).toString('hex');
  const portable = path.join(storageDir, `${lentPrefix}${id}.portable`);
  const building = path.join(storageDir, `${lentPrefix}${id}.partial`);
  const lent = path.join(storageDir, `${lentPrefix}${id}.db`);
  try {
    await unpack(source, bodyOffset, header, portable, signal);
    const { chunkerVersion, model } = header;
    await readPortableInThread(portable, building, { chunkerVersion, model }, signal);
    signal.throwIfAborted();
    if (replace) clear(database);
    const { files, chunks } = header;
    if (install(building, database)) return { files, chunks, used: 'index', dispose: () => undefined };
    renameSync(building, lent);
    return { files, chunks, used: 'embeddings', dispose: () => deleteDatabase(lent) };
  } finally {
    await rm(portable, { force: true });
    for (const suffix of ['', '-wal', '-shm']) await rm(building + suffix, { force: true });
  }
}
