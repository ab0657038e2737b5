import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import type { SkipReason } from '../../shared/status.ts';
import { skipReasonByContent } from './contentRules.ts';
import { decodeText } from './decodeText.ts';

export interface ReadOptions {
  readonly maxFileSizeBytes: number;
  readonly signal?: AbortSignal;
}

export type SourceFile =
  | {
      readonly text: string;
      /** SHA-256 of the bytes, hexadecimal. */
      readonly hash: string;
      /** As they were when these bytes were read. */
      readonly size: number;
      readonly mtimeMs: number;
    }
  | {
      readonly skip: SkipReason;
      /** Present when the file could be read: what to remember so as not to read it again. */
      readonly hash?: string;
      readonly size?: number;
      readonly mtimeMs?: number;
    };

const attempts = 3;

/** Neither waits for a pipe's other end nor follows a link that was put there since the scan. */
const openFlags =
  constants.O_RDONLY |
  ((constants as Partial<typeof constants>).O_NONBLOCK ?? 0) |
  ((constants as Partial<typeof constants>).O_NOFOLLOW ?? 0);

/**
 * Reads a file as text. Whatever goes wrong is a reason, never an exception: a file that is gone is `unreadable`, and so
 * is one that changes faster than it can be read.
 */
export async function readSourceFile(absolutePath: string, options: ReadOptions): Promise<SourceFile> {
  options.signal?.throwIfAborted();
  let handle: FileHandle | undefined;
  try {
    handle = await open(absolutePath, openFlags);
    for (let attempt = 0; attempt < attempts; attempt++) {
      const result = await readOnce(handle, absolutePath, options.maxFileSizeBytes);
      options.signal?.throwIfAborted();
      if (result) return result;
    }
  } catch {
    options.signal?.throwIfAborted();
  } finally {
    await handle?.close().catch(() => undefined);
  }
  return { skip: 'unreadable' };
}

/** `undefined` when the file changed underneath. */
async function readOnce(
  handle: FileHandle,
  absolutePath: string,
  maxFileSizeBytes: number,
): Promise<SourceFile | undefined> {
  const before = await handle.stat();
  if (!before.isFile()) return { skip: 'unreadable' };
  const { size, mtimeMs } = before;
  if (size > maxFileSizeBytes) return { skip: 'too_large', size, mtimeMs };
  const bytes = await readBytes(handle, size);
  const after = await handle.stat();
  if (bytes.length !== size || after.size !== size || after.mtimeMs !== mtimeMs) return undefined;
  const hash = createHash('sha256').update(bytes).digest('hex');
  const text = decodeText(bytes);
  if (text === undefined) return { skip: bytes.includes(0) ? 'binary' : 'encoding', hash, size, mtimeMs };
  const skip = skipReasonByContent(absolutePath, text);
  return skip ? { skip, hash, size, mtimeMs } : { text, hash, size, mtimeMs };
}

async function readBytes(handle: FileHandle, size: number): Promise<Uint8Array> {
  const buffer = Buffer.allocUnsafe(size);
  let filled = 0;
  while (filled < size) {
    const { bytesRead } = await handle.read(buffer, filled, size - filled, filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}
