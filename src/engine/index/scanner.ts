import os from 'node:os';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SkipCounts } from '../../shared/status.ts';
import type { KnownFile, SkippedFile, FileState } from '../store/fileStates.ts';
import type { FileWrite, RootStore } from '../store/rootStore.ts';
import { discoverFiles, inspectPath, type DiscoveredFile } from '../workspace/discoverFiles.ts';
import { IgnoreMatcher } from '../workspace/ignoreMatcher.ts';
import type { FileIndexer } from './fileIndexer.ts';
import type { DiscoverySettings } from './indexerOptions.ts';

/** A transaction holds up searches while it runs; this keeps it to some tens of milliseconds. */
const filesPerTransaction = 64;
const chunksPerTransaction = 256;
/** Files read and chunked at the same time: enough to keep every parser thread busy while a transaction is written. */
const filesAtOnce = Math.max(12, 4 * os.availableParallelism());

export interface ScannerOptions {
  readonly rootPath: string;
  readonly store: RootStore;
  readonly files: FileIndexer;
  /** Called when a transaction is written, with the files that are new or changed in it. */
  readonly onWritten: (paths: readonly string[]) => void;
  /** Called as files are read. */
  readonly onFile: (path: string) => void;
}

interface Work {
  readonly file: DiscoveredFile;
  /** Sets that need the file. */
  readonly chunkSetIds: readonly number[];
  readonly knownHash: string | undefined;
}

function isSame(known: FileState | undefined, file: DiscoveredFile): boolean {
  return known !== undefined && known.size === file.size && known.mtimeMs === file.mtimeMs;
}

/** Brings the files of the store in step with the disk: all of them, or those that a watcher reported. */
export class Scanner {
  /** Why files were left out by the last scan without being read. */
  skipped: SkipCounts = {};
  readonly #options: ScannerOptions;
  #matcher: IgnoreMatcher | undefined;

  constructor(options: ScannerOptions) {
    this.#options = options;
  }

  /**
   * Walks the whole root. Returns the paths that changed lately, the latest first.
   * @throws SextantError `workspace_missing` before anything is changed.
   */
  async scan(
    settings: DiscoverySettings,
    first: (path: string) => boolean,
    signal: AbortSignal,
    onDiscovered: () => void,
  ): Promise<string[]> {
    const { rootPath, store } = this.#options;
    await this.#forgetUnshared(signal);
    const matcher = await IgnoreMatcher.create(rootPath, { ...settings, signal });
    const discovery = discoverFiles(rootPath, { ...settings, signal, matcher });
    const discovered: DiscoveredFile[] = [];
    for await (const file of discovery) discovered.push(file);
    this.#matcher = matcher;
    this.skipped = discovery.skipped;
    onDiscovered();
    const known = store.chunkSetIds().map((id) => [id, store.knownFiles(id)] as const);
    await this.#removeMissing(discovered, discovery.unread, known, signal);
    const latest = discovered.toSorted((a, b) => b.mtimeMs - a.mtimeMs || (a.path < b.path ? -1 : 1));
    const ordered = [...latest.filter(({ path }) => first(path)), ...latest.filter(({ path }) => !first(path))];
    await this.#process(
      ordered.flatMap((file) => this.#workFor(file, known)),
      settings,
      signal,
    );
    return latest.slice(0, 200).map(({ path }) => path);
  }

  /** Whether the last scan went by ignore rules that are others by now; see {@link IgnoreMatcher.isStale}. */
  isStale(): boolean {
    return this.#matcher?.isStale() ?? false;
  }

  /** Looks at single paths; true when they can only be understood by a scan (folders, ignore rules). */
  async update(
    paths: readonly string[],
    forced: ReadonlySet<string>,
    settings: DiscoverySettings,
    signal: AbortSignal,
  ): Promise<boolean> {
    const { rootPath, store } = this.#options;
    const matcher = this.#matcher;
    if (matcher === undefined || this.isStale()) return true;
    if (paths.some((path) => path === '' || IgnoreMatcher.isIgnoreFile(path))) return true;
    const setIds = store.chunkSetIds();
    const work: Work[] = [];
    const gone: string[] = [];
    for (const path of paths) {
      const inspection = await inspectPath(rootPath, path, matcher, settings.maxFileSizeBytes);
      if ('directory' in inspection) return true;
      if ('unread' in inspection) continue;
      if (!('file' in inspection)) {
        gone.push(path);
        continue;
      }
      const known = setIds.map((id) => store.knownFile(id, path));
      const hash = forced.has(path) ? undefined : commonHash(known);
      if (hash === undefined || !known.every((state) => isSame(state, inspection.file))) {
        work.push({ file: inspection.file, chunkSetIds: setIds, knownHash: hash });
      }
    }
    // What is gone may have been a folder. It goes first: what was moved finds its embeddings only when they are free.
    await this.#remove(new Set(gone.flatMap((path) => [path, ...store.filesBelow(path)])), signal);
    await this.#process(work, settings, signal);
    return false;
  }

  /** Files that a shared index answered for, and does no longer, are looked at as if they were new. */
  async #forgetUnshared(signal: AbortSignal): Promise<void> {
    const { store, files } = this.#options;
    const known = store.sharedFiles();
    const shared = files.team === undefined ? new Map<string, string>() : await files.team.files(signal);
    // What cannot be asked is taken to be as it was.
    if (shared === undefined) return;
    const gone = [...known].flatMap(([path, hash]) => (shared.get(path) === hash ? [] : [path]));
    if (gone.length > 0) store.forgetShared(gone);
    // What was indexed here before the team had it.
    if (shared.size === 0) return;
    const [id] = store.chunkSetIds();
    const taken = [...(id === undefined ? [] : store.knownFiles(id).values())].filter(
      ({ path, contentHash }) => contentHash !== undefined && shared.get(path) === contentHash,
    );
    if (taken.length > 0) {
      store.skipFiles(
        taken.map(({ contentHash, ...state }) => ({ ...state, reason: 'shared', contentHash: contentHash! })),
      );
    }
  }

  /** What could not be read, and what lies in it, is left as it was. */
  async #removeMissing(
    discovered: readonly DiscoveredFile[],
    unread: readonly string[],
    known: readonly (readonly [number, Map<string, KnownFile>])[],
    signal: AbortSignal,
  ): Promise<void> {
    const present = new Set(discovered.map(({ path }) => path));
    const left = new Set(unread);
    const isUnread = (path: string): boolean => {
      for (let end = path.length; end > 0; end = path.lastIndexOf('/', end - 1)) {
        if (left.has(path.slice(0, end))) return true;
      }
      return false;
    };
    const missing = known.flatMap(([, files]) =>
      [...files.keys()].filter((path) => !present.has(path) && !isUnread(path)),
    );
    await this.#remove(new Set(missing), signal);
  }

  async #remove(paths: ReadonlySet<string>, signal: AbortSignal): Promise<void> {
    const list = [...paths];
    for (let from = 0; from < list.length; from += filesPerTransaction) {
      signal.throwIfAborted();
      this.#options.store.removeFiles(list.slice(from, from + filesPerTransaction));
      await nextTurn();
    }
  }

  #workFor(file: DiscoveredFile, known: readonly (readonly [number, Map<string, KnownFile>])[]): Work[] {
    const stale = known.filter(([, files]) => !isSame(files.get(file.path), file));
    if (stale.length === 0) return [];
    const knownHash = commonHash(known.map(([, files]) => files.get(file.path)));
    return [{ file, chunkSetIds: stale.map(([id]) => id), knownHash }];
  }

  /** Reads and chunks files, several at once, and writes them in the order given, transaction by transaction. */
  async #process(work: readonly Work[], settings: DiscoverySettings, signal: AbortSignal): Promise<void> {
    const running = work.slice(0, filesAtOnce).map((item) => this.#start(item, settings, signal));
    const batch = new WriteBatch(this.#options.store, this.#options.onWritten);
    try {
      for (const [i, item] of work.entries()) {
        const outcome = await running.shift()!;
        const next = work[i + filesAtOnce];
        if (next !== undefined) running.push(this.#start(next, settings, signal));
        this.#options.onFile(item.file.path);
        if ('indexed' in outcome) batch.write({ file: outcome.indexed, chunkSetIds: item.chunkSetIds });
        else if ('skipped' in outcome) batch.skip(outcome.skipped);
        else batch.touch(outcome.unchanged);
        if (batch.full) {
          batch.flush();
          await nextTurn();
          signal.throwIfAborted();
        }
      }
      batch.flush();
    } finally {
      await Promise.allSettled(running);
    }
  }

  #start({ file, knownHash }: Work, settings: DiscoverySettings, signal: AbortSignal) {
    const started = this.#options.files.index(file, knownHash, settings.maxFileSizeBytes, signal);
    // Awaited in its turn; until then a failure must not count as unhandled.
    started.catch(() => undefined);
    return started;
  }
}

/** The hash that all sets agree on; undefined where one does not have the file. */
function commonHash(known: readonly (KnownFile | undefined)[]): string | undefined {
  const [first] = known;
  return known.every((state) => state?.contentHash === first?.contentHash) ? first?.contentHash : undefined;
}

class WriteBatch {
  readonly #store: RootStore;
  readonly #onWritten: (paths: readonly string[]) => void;
  #writes: FileWrite[] = [];
  #skips: SkippedFile[] = [];
  #touches: FileState[] = [];
  #chunks = 0;

  constructor(store: RootStore, onWritten: (paths: readonly string[]) => void) {
    this.#store = store;
    this.#onWritten = onWritten;
  }

  get full(): boolean {
    const files = this.#writes.length + this.#skips.length + this.#touches.length;
    return this.#chunks >= chunksPerTransaction || files >= filesPerTransaction;
  }

  write(write: FileWrite): void {
    this.#writes.push(write);
    this.#chunks += write.file.chunks.length;
  }

  skip(skip: SkippedFile): void {
    this.#skips.push(skip);
  }

  touch(state: FileState): void {
    this.#touches.push(state);
  }

  flush(): void {
    const [writes, skips, touches] = [this.#writes, this.#skips, this.#touches];
    this.#writes = [];
    this.#skips = [];
    this.#touches = [];
    this.#chunks = 0;
    if (writes.length > 0) this.#store.writeFiles(writes);
    if (skips.length > 0) this.#store.skipFiles(skips);
    if (touches.length > 0) this.#store.touchFiles(touches);
    if (writes.length > 0) this.#onWritten(writes.map(({ file }) => file.path));
  }
}
