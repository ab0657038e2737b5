import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SextantError } from '../../shared/errors.ts';
import type { ByteMeter } from './byteMeter.ts';
import { neededFiles, type ListedFile } from './neededFiles.ts';

/** The model in a folder, checked as far as names and sizes go. */
export interface FolderModel {
  readonly bytes: number;
  copy(folder: string, meter: ByteMeter, signal?: AbortSignal): Promise<void>;
}

/**
 * Finds the model's files in a folder. Links to files are followed: the hub's own cache consists of them.
 * @throws SextantError `not_found` for no folder, `model_invalid` for one without a model.
 */
export async function openFolder(source: string): Promise<FolderModel> {
  const { descriptions, rest, bytes } = neededFiles(await listFiles(source));
  const files = [...descriptions, ...rest];
  return { bytes, copy: (folder, meter, signal) => copyFiles(files, { source, folder, meter, signal }) };
}

async function listFiles(source: string): Promise<ListedFile[]> {
  const names = await readdir(source).catch((cause: unknown) => {
    throw new SextantError('not_found', `There is no folder ${source}.`, { cause });
  });
  const modules = names.filter((name) => /^\d+_[A-Za-z]+$/.test(name)).map((name) => `${name}/config.json`);
  const found = await Promise.all(
    [...names, ...modules].map(async (name) => {
      const info = await stat(path.join(source, name)).catch(() => undefined);
      return info?.isFile() === true ? [{ path: name, bytes: info.size }] : [];
    }),
  );
  return found.flat();
}

interface Copying {
  readonly source: string;
  readonly folder: string;
  readonly meter: ByteMeter;
  readonly signal: AbortSignal | undefined;
}

async function copyFiles(files: readonly ListedFile[], { source, folder, meter, signal }: Copying): Promise<void> {
  for (const { path: name } of files) {
    signal?.throwIfAborted();
    const target = path.join(folder, name);
    await mkdir(path.dirname(target), { recursive: true });
    const input = createReadStream(path.join(source, name), { highWaterMark: 1024 * 1024 });
    input.on('data', (part) => meter.add(part.length));
    await pipeline(input, createWriteStream(target, { flags: 'wx' }), signal === undefined ? {} : { signal });
  }
}
