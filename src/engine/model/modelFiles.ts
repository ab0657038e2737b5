import { createHash } from 'node:crypto';
import { open, readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { SextantError } from '../../shared/errors.ts';

/** Files this big are hashed once and remembered beside the model; smaller ones hash in the blink of an eye. */
const rememberFromBytes = 64 * 1024 * 1024;
/** Configurations are a few kilobytes; what is longer than this is none, and is not read into memory. */
const longestJsonBytes = 16 * 1024 * 1024;
const memoName = '.sextant-digests.json';
const memoSchema = z.record(z.string(), z.object({ bytes: z.number(), modified: z.number(), sha256: z.string() }));

/** Parsed JSON of a file of the model, or nothing if it is not there. */
export async function readJsonFile(folder: string, name: string): Promise<unknown> {
  let text: string;
  try {
    const { size } = await stat(path.join(folder, name));
    if (size > longestJsonBytes) throw new Error(`${size} bytes`);
    text = await readFile(path.join(folder, name), 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new SextantError('model_invalid', `The model's ${name} cannot be read.`, { cause: error });
  }
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SextantError('model_invalid', `The model's ${name} is not valid JSON.`, { cause });
  }
}

/**
 * SHA-256 of a file as lower-case hex. The digest of a big file is kept in the model's folder, if that can be written
 * to, and holds as long as size and modification time stay the same.
 */
export async function fileDigest(folder: string, name: string): Promise<string> {
  const file = path.join(folder, name);
  const { size, mtimeMs } = await stat(file);
  if (size < rememberFromBytes) return hashFile(file);
  const memo = await readMemo(folder);
  const known = memo[name];
  if (known !== undefined && known.bytes === size && known.modified === mtimeMs) return known.sha256;
  const sha256 = await hashFile(file);
  const remembered = JSON.stringify({ ...memo, [name]: { bytes: size, modified: mtimeMs, sha256 } });
  // A folder that is read-only costs a hash on each start, nothing else.
  await writeFile(path.join(folder, memoName), remembered).catch(() => undefined);
  return sha256;
}

async function readMemo(folder: string): Promise<z.infer<typeof memoSchema>> {
  try {
    return memoSchema.parse(await readJsonFile(folder, memoName));
  } catch {
    return {};
  }
}

async function hashFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  // One buffer for all of it: a stream leaves a file's worth of garbage behind, in every thread that opens the model.
  const buffer = Buffer.allocUnsafe(1024 * 1024);
  const handle = await open(file, 'r');
  try {
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await handle.close();
  }
}
