import { statfs } from 'node:fs/promises';
import { SextantError } from '../../shared/errors.ts';

/** Left to the rest of the system. */
const reserveBytes = 200 * 1024 * 1024;

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** @throws SextantError `disk_full` before anything is written that would not fit. */
export async function requireSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free - reserveBytes >= bytes) return;
  throw new SextantError(
    'disk_full',
    `The model needs ${megabytes(bytes)} MB, and ${megabytes(free)} MB are free on its disk.`,
    { hint: `Free some space on the disk of ${folder}; remove models that are not used.` },
  );
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e6);
}
