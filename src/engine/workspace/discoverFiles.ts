import { lstat, readdir, type Dirent, type Stats } from 'node:fs';
import { realpath } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { SkipCounts, SkipReason } from '../../shared/status.ts';
import { skipReasonByName } from './fileNames.ts';
import { IgnoreMatcher, type IgnoreOptions } from './ignoreMatcher.ts';

export interface DiscoveredFile {
  /** Relative to the root, forward slashes. */
  readonly path: string;
  readonly absolutePath: string;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface DiscoverOptions extends IgnoreOptions {
  readonly maxFileSizeBytes: number;
  /** Reuse one that was made for the same root and options. */
  readonly matcher?: IgnoreMatcher;
}

/**
 * What a path under the root turned out to be. `gone` covers whatever vanished and whatever is no file; `unread` could not be looked
 * at this time, though there is nothing to say that it is gone or closed to us.
 */
export type Inspection =
  | { readonly file: DiscoveredFile }
  | { readonly skip: SkipReason }
  | { readonly directory: true }
  | { readonly gone: true }
  | { readonly unread: string };

/** Errors that say what a file or folder is: gone, none any more, or not for us. Others say that this is a bad moment. */
const lasting: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM', 'ELOOP', 'ENAMETOOLONG']);

/** Folders read at the same time; more gains nothing over a local disk and little over a network. */
const foldersAtOnce = 16;

/**
 * The files of a root, folder by folder, names in code-unit order. Iterate once; `skipped` counts as the iteration
 * goes on, a folder that is left out as one.
 */
export class Discovery implements AsyncIterable<DiscoveredFile> {
  readonly skipped: SkipCounts = {};
  /** Files and folders that could not be read this time; see {@link Inspection}. */
  readonly unread: string[] = [];
  readonly #root: string;
  readonly #options: DiscoverOptions;
  #matcher: IgnoreMatcher | undefined;

  constructor(root: string, options: DiscoverOptions) {
    this.#root = root;
    this.#options = options;
    this.#matcher = options.matcher;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<DiscoveredFile, void, undefined> {
    const { signal } = this.#options;
    const root = await canonicalRoot(this.#root);
    const matcher = (this.#matcher ??= await IgnoreMatcher.create(root, this.#options));
    const queue = [''];
    while (queue.length > 0) {
      signal?.throwIfAborted();
      const folders = queue.splice(0, foldersAtOnce);
      const listings = await Promise.all(folders.map((folder) => listFolder(root, folder)));
      for (const [i, folder] of folders.entries()) {
        const entries = listings[i]!;
        if ('code' in entries) {
          this.#count('unreadable');
          if (!lasting.has(entries.code)) this.unread.push(folder);
          continue;
        }
        const inspections = await this.#inspect(root, folder, entries, matcher, queue);
        for (const inspection of inspections) {
          if ('skip' in inspection) this.#count(inspection.skip);
          else if ('file' in inspection) yield inspection.file;
          else if ('unread' in inspection) {
            this.#count('unreadable');
            this.unread.push(inspection.unread);
          }
        }
        signal?.throwIfAborted();
      }
    }
  }

  async #inspect(root: string, folder: string, entries: Dirent[], matcher: IgnoreMatcher, queue: string[]) {
    const names = new Set(entries.map((entry) => entry.name));
    matcher.describeFolder(folder, (name) => names.has(name));
    const pending: Promise<Inspection>[] = [];
    for (const entry of entries) {
      const relative = folder === '' ? entry.name : `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        const skip = matcher.reason(relative, true);
        if (skip) this.#count(skip);
        else queue.push(relative);
      } else if (entry.isFile() || entry.isSymbolicLink()) {
        pending.push(inspectEntry(root, relative, matcher, this.#options.maxFileSizeBytes));
      }
    }
    return Promise.all(pending);
  }

  #count(reason: SkipReason): void {
    this.skipped[reason] = (this.skipped[reason] ?? 0) + 1;
  }
}

/**
 * Walks a root folder. Symbolic links are never followed: what they lead to inside the root is found at its real path,
 * what is outside counts as `outside_workspace`.
 * @throws SextantError `workspace_missing` when the root cannot be read.
 */
export function discoverFiles(rootPath: string, options: DiscoverOptions): Discovery {
  return new Discovery(rootPath, options);
}

/** Looks at one path as a watcher reports it, by the same rules as the scan. `root` must be canonical. */
export async function inspectPath(
  root: string,
  relativePath: string,
  matcher: IgnoreMatcher,
  maxFileSizeBytes: number,
): Promise<Inspection> {
  const stats = await statOf(path.join(root, relativePath));
  if (typeof stats === 'object' && stats.isDirectory()) {
    const skip = matcher.reason(relativePath, true);
    return skip ? { skip } : { directory: true };
  }
  return inspectEntry(root, relativePath, matcher, maxFileSizeBytes);
}

/** The real path of a root folder: the one form of it that everything else is relative to. */
async function canonicalRoot(rootPath: string): Promise<string> {
  try {
    return await realpath(rootPath);
  } catch (cause) {
    throw new SextantError('workspace_missing', `The folder ${rootPath} cannot be read.`, {
      hint: 'Check that it exists and that you may read it.',
      cause,
    });
  }
}

async function inspectEntry(
  root: string,
  relative: string,
  matcher: IgnoreMatcher,
  maxFileSizeBytes: number,
): Promise<Inspection> {
  const ignored = matcher.reason(relative, false);
  if (ignored) return { skip: ignored };
  const skip = skipReasonByName(path.posix.basename(relative));
  if (skip) return { skip };
  const absolutePath = path.join(root, relative);
  const stats = await statOf(absolutePath);
  if (typeof stats === 'string') return lasting.has(stats) ? { gone: true } : { unread: relative };
  if (stats.isSymbolicLink()) return inspectLink(root, absolutePath);
  if (!stats.isFile()) return { gone: true };
  if (stats.size > maxFileSizeBytes) return { skip: 'too_large' };
  if (stats.size === 0) return { skip: 'empty' };
  return { file: { path: relative, absolutePath, size: stats.size, mtimeMs: stats.mtimeMs } };
}

async function inspectLink(root: string, link: string): Promise<Inspection> {
  try {
    const target = await realpath(link);
    return target === root || target.startsWith(root + path.sep) ? { gone: true } : { skip: 'outside_workspace' };
  } catch {
    return { skip: 'unreadable' };
  }
}

/** Entries in code-unit order of their names, or why the folder cannot be read. */
function listFolder(root: string, folder: string): Promise<Dirent[] | { readonly code: string }> {
  return new Promise((resolve, reject) => {
    readdir(path.join(root, folder), { withFileTypes: true }, (error, entries) => {
      if (!error) resolve(entries.sort((a, b) => (a.name < b.name ? -1 : 1)));
      else if (folder === '') {
        reject(new SextantError('workspace_missing', `The folder ${root} cannot be read.`, { cause: error }));
      } else resolve({ code: error.code ?? '' });
    });
  });
}

/** Or the code of the error. */
function statOf(file: string): Promise<Stats | string> {
  return new Promise((resolve) => {
    lstat(file, (error, stats) => resolve(error ? (error.code ?? '') : stats));
  });
}
