import { createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { damagedCopies } from './salvage.ts';

/** Mode of the folders that are made for indexes: they hold the texts of folders that others may not be allowed to read. */
export const ownerOnly = 0o700;

/** Copies of damaged databases that are kept for a look; older ones go. */
const damagedKept = 1;
const suffixes = ['', '-wal', '-shm'];

/**
 * The database of a root folder within `storageDir`: one a root, named by the hash of its canonical path, with the folder's
 * name in front for people. `rootPath` is absolute with symbolic links resolved.
 */
export function databaseFile(storageDir: string, rootPath: string): string {
  const key = process.platform === 'win32' ? rootPath.toLowerCase() : rootPath;
  const hash = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const name = path
    .basename(rootPath)
    .replaceAll(/[^A-Za-z0-9._-]+/g, '-')
    .slice(0, 40);
  return path.join(storageDir, `${name === '' ? 'root' : name}-${hash}.db`);
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** What the database takes on disk, its write-ahead log counted. */
export function databaseBytes(file: string): number {
  return sizeOf(file) + sizeOf(`${file}-wal`);
}

export type Completeness = 'complete' | 'truncated' | 'unknown';

/**
 * Whether the file holds all the pages that its header speaks of (https://www.sqlite.org/fileformat2.html, §1.3). Pages that
 * are missing may still lie in a write-ahead log that a killed process left: then it is unknown.
 */
export function completeness(file: string): Completeness {
  const size = sizeOf(file);
  if (size === 0) return 'complete';
  const header = Buffer.alloc(100);
  const descriptor = fs.openSync(file, 'r');
  try {
    fs.readSync(descriptor, header, 0, header.length, 0);
  } finally {
    fs.closeSync(descriptor);
  }
  const declared = header.readUInt16BE(16);
  const pageSize = declared === 1 ? 65536 : declared;
  if (size >= pageSize * header.readUInt32BE(28)) return 'complete';
  return sizeOf(`${file}-wal`) === 0 ? 'truncated' : 'unknown';
}

/** Moves a database that cannot be used out of the way, as `*.damaged-<time>`; returns where it lies now. */
export function setAside(file: string, now = new Date()): string {
  const target = `${file}.damaged-${now.toISOString().replaceAll(/[:.]/g, '-')}`;
  // The log first: without its database it is worthless, but beside a new database it would be replayed into it.
  for (const suffix of [...suffixes].reverse()) {
    if (fs.existsSync(file + suffix)) fs.renameSync(file + suffix, target + suffix);
  }
  pruneDamaged(file);
  return target;
}

function pruneDamaged(file: string): void {
  const damaged = damagedCopies(file).sort();
  for (const copy of damaged.slice(0, Math.max(0, damaged.length - damagedKept))) {
    for (const suffix of suffixes) fs.rmSync(copy + suffix, { force: true });
  }
}

/** Deletes a database with all that belongs to it; the copies set aside too. */
export function deleteDatabase(file: string): void {
  const name = path.basename(file);
  for (const entry of fs.readdirSync(path.dirname(file))) {
    const ours = suffixes.some((suffix) => entry === name + suffix) || entry.startsWith(`${name}.damaged-`);
    if (ours) fs.rmSync(path.join(path.dirname(file), entry), { force: true });
  }
}
