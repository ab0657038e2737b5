import { createWriteStream } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { openPromise, validateFileName, type Entry, type ZipFile } from 'yauzl';
import { SextantError } from '../../shared/errors.ts';
import type { ByteMeter } from './byteMeter.ts';
import { neededFiles, type ListedFile } from './neededFiles.ts';

/** More entries than any repository has; their names are held in memory. */
const maxEntries = 20_000;
/** Weights hardly compress, so an archive of a model is about as large as the model. */
const maxRatio = 100;
const freeOfSuspicion = 64 * 1024 * 1024;
const fileTypeMask = 0o170000;
const symbolicLink = 0o120000;

interface ArchivedFile extends ListedFile {
  readonly entry: Entry;
}

/** The model in an archive, all of whose claims were checked; nothing was unpacked yet. */
export interface ArchivedModel extends AsyncDisposable {
  readonly bytes: number;
  unpack(folder: string, meter: ByteMeter, signal?: AbortSignal): Promise<void>;
}

/**
 * Reads the table of contents of a zip archive and refuses the archive as a whole for anything in it that is no honest
 * file: paths that lead out of it, links, encrypted or doubled entries, sizes that no model has.
 * @throws SextantError `invalid_argument` for what is no archive, `model_invalid` for what should not be unpacked.
 */
export async function openArchive(file: string, signal?: AbortSignal): Promise<ArchivedModel> {
  let archive: ZipFile;
  try {
    archive = await openPromise(file, { autoClose: false, strictFileNames: true });
  } catch (cause) {
    throw new SextantError('invalid_argument', `${path.basename(file)} is not a zip archive.`, { cause });
  }
  try {
    const entries = await readEntries(archive, signal);
    const files = modelFiles(entries);
    const { descriptions, rest, bytes } = neededFiles(files);
    const archived = (await stat(file)).size;
    if (bytes > freeOfSuspicion && bytes > maxRatio * archived) {
      throw unsafe(`would unpack to ${Math.round(bytes / archived)} times its size`);
    }
    return {
      bytes,
      unpack: (folder, meter, running) =>
        unpack(archive, [...descriptions, ...rest], { folder, meter, signal: running }),
      [Symbol.asyncDispose]: () => {
        archive.close();
        return Promise.resolve();
      },
    };
  } catch (error) {
    archive.close();
    throw error;
  }
}

async function readEntries(archive: ZipFile, signal: AbortSignal | undefined): Promise<ArchivedFile[]> {
  if (archive.entryCount > maxEntries) throw unsafe(`holds ${archive.entryCount} entries`);
  const files = new Map<string, ArchivedFile>();
  try {
    for await (const entry of archive.eachEntry()) {
      signal?.throwIfAborted();
      checkEntry(entry);
      if (entry.fileName.endsWith('/')) continue;
      if (files.has(entry.fileName)) throw unsafe(`holds ${entry.fileName} twice`);
      files.set(entry.fileName, { path: entry.fileName, bytes: entry.uncompressedSize, entry });
    }
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof SextantError) throw error;
    throw unsafe(`is damaged or lies: ${error instanceof Error ? error.message : String(error)}`);
  }
  return [...files.values()];
}

function checkEntry(entry: Entry): void {
  const problem = validateFileName(entry.fileName);
  if (problem !== null) throw unsafe(`holds a file outside of itself: ${problem}`);
  const mode = entry.externalFileAttributes >>> 16;
  if ((mode & fileTypeMask) === symbolicLink) throw unsafe(`holds a symbolic link, ${entry.fileName}`);
  if (entry.isEncrypted()) throw unsafe(`is encrypted (${entry.fileName})`);
}

/** The files of the model, by their path below the folder that holds `config.json`: archives often wrap it in one. */
function modelFiles(files: readonly ArchivedFile[]): ArchivedFile[] {
  const [config] = files
    .filter(({ path: name }) => path.posix.basename(name) === 'config.json')
    .sort((a, b) => a.path.split('/').length - b.path.split('/').length);
  const root = config === undefined ? '' : config.path.slice(0, -'config.json'.length);
  return files
    .filter((file) => file.path.startsWith(root))
    .map((file) => ({ ...file, path: file.path.slice(root.length) }));
}

interface Unpacking {
  readonly folder: string;
  readonly meter: ByteMeter;
  readonly signal: AbortSignal | undefined;
}

async function unpack(archive: ZipFile, files: readonly ArchivedFile[], into: Unpacking): Promise<void> {
  for (const { path: name, entry } of files) {
    into.signal?.throwIfAborted();
    const target = path.join(into.folder, ...name.split('/'));
    await mkdir(path.dirname(target), { recursive: true });
    const output = createWriteStream(target, { flags: 'wx' });
    try {
      const input = await archive.openReadStreamPromise(entry);
      input.on('data', (part: Buffer) => into.meter.add(part.length));
      await pipeline(input, output, into.signal === undefined ? {} : { signal: into.signal });
    } catch (error) {
      output.destroy();
      into.signal?.throwIfAborted();
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
        throw new SextantError('disk_full', 'The disk is full.', {
          hint: 'Free some space and try again.',
          cause: error,
        });
      }
      throw unsafe(`is damaged at ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}

function unsafe(what: string): SextantError {
  return new SextantError('model_invalid', `The archive ${what}.`, { hint: 'Nothing of it was installed.' });
}
