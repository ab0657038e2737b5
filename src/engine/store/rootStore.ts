import fs from 'node:fs';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { SkipCounts } from '../../shared/status.ts';
import type { Generation, ModelIdentity, Target } from './catalog.ts';
import { databaseBytes, ownerOnly, setAside } from './databaseFile.ts';
import type { NewEmbedding, PendingChunk, StoredEmbedding } from './embeddingWriter.ts';
import type { IndexedFile } from './fileWriter.ts';
import type { HistoryReader, HistoryWriter } from './history/historyTypes.ts';
import type { FileState, KnownFile, SkippedFile } from './fileStates.ts';
import { openSession, type Session } from './session.ts';
import { isDamage, translateError, type Connection } from './sqlite.ts';
import type { StoreReader } from './storeReader.ts';
import { WriterLease } from './writerLease.ts';

/** A file and the chunk sets that it is to be written to. */
export interface FileWrite {
  readonly file: IndexedFile;
  readonly chunkSetIds: readonly number[];
}

export interface FileCounts {
  readonly skipped: SkipCounts;
  readonly degraded: number;
  readonly languages: Readonly<Record<string, number>>;
}

/** Counting files for the status takes at most one part in so many of the time. */
const countingShare = 20;

/**
 * One root's database. Everybody may read; to write, a process must hold the lease ({@link acquire}), so that two windows on
 * one folder neither collide nor do the same work. Every writing method is one transaction.
 */
export class RootStore {
  readonly file: string;
  readonly #lease: WriterLease;
  #session: Session | undefined;
  #writes = 0;
  #counted: { readonly version: string; readonly counts: FileCounts; readonly freshUntil: number } | undefined;
  #damage: SextantError | undefined;
  /** Called when a read or write finds the database damaged; {@link replaceDamaged} is what to do then. */
  onDamage: (() => void) | undefined;
  /** Where the last damaged database was moved to, since this store was opened. */
  #setAside: string | undefined;

  /**
   * Opens the database, makes it when there is none, brings its schema up to date; a damaged one is set aside for an empty one.
   * @throws SextantError `database_too_new`, `database_busy`, `disk_full`
   */
  constructor(file: string) {
    this.file = file;
    fs.mkdirSync(path.dirname(file), { recursive: true, mode: ownerOnly });
    this.#lease = new WriterLease(`${file}.lock`);
    try {
      this.#session = openSession(file);
    } catch (error) {
      if (!isDamage(error)) throw translateError(error);
      this.replaceDamaged();
    }
  }

  get vec(): Connection['vec'] {
    return this.#open.connection.vec;
  }

  get writable(): boolean {
    return this.#lease.held;
  }

  /** Why the database cannot be used any more. */
  get damage(): SextantError | undefined {
    return this.#damage;
  }

  get damagedCopy(): string | undefined {
    return this.#setAside;
  }

  /** Tries to become the one that writes; false while another process is. */
  acquire(): boolean {
    return this.#lease.tryAcquire();
  }

  /** Lets another process write. */
  release(): void {
    this.#lease.release();
  }

  close(): void {
    this.#session?.connection.db.close();
    this.#session = undefined;
    this.#lease.release();
  }

  bytes(): number {
    return databaseBytes(this.file);
  }

  /** Full check of the database: `ok`, or what is wrong. Reads all of it. */
  health(): string {
    try {
      return String(this.#open.connection.db.pragma('integrity_check(1)', { simple: true }));
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Changes whenever another process has written. */
  dataVersion(): number {
    return Number(this.#open.connection.db.pragma('data_version', { simple: true }));
  }

  /**
   * After `database_damaged`: whoever may write moves the file out of the way and begins anew; whoever may not opens what the
   * writer has made meanwhile.
   */
  replaceDamaged(): void {
    this.#counted = undefined;
    const held = this.#lease.held;
    try {
      this.#session?.connection.db.close();
      this.#session = undefined;
      if (this.#lease.tryAcquire()) this.#setAside = setAside(this.file);
      this.#session = openSession(this.file);
      this.#damage = undefined;
    } catch (error) {
      throw translateError(error);
    } finally {
      if (!held) this.#lease.release();
    }
  }

  /** The reading side as it is now; whoever uses it across a pause asks again. Errors are SQLite's own, see {@link read}. */
  get reader(): StoreReader {
    return this.#open.reader;
  }

  /** Reads with the errors of SQLite translated. */
  read<T>(work: (reader: StoreReader) => T): T {
    return this.#read(({ reader }) => work(reader));
  }

  /** See {@link Catalog.prepare}. */
  prepare(chunkerVersion: string, model: ModelIdentity | undefined): Target {
    return this.#write(({ catalog }) => catalog.prepare(chunkerVersion, model));
  }

  /** See {@link Catalog.promote}; returns the target as it is afterwards. */
  promote(target: Target): Target {
    return this.#write(({ catalog }) => {
      catalog.promote(target);
      const chunkSet = catalog.chunkSet('serving')!;
      if (target.generation === undefined) return { chunkSet };
      return { chunkSet, generation: catalog.generation('serving')! };
    });
  }

  /** Clears away a part of what is no longer needed; true while more is left. Short, so that it can run between other work. */
  sweep(): boolean {
    return this.#write(
      ({ catalog, files }) => catalog.sweepRetired() || catalog.activeChunkSets().some(({ id }) => files.compact(id)),
    );
  }

  chunkSetIds(): number[] {
    return this.#read(({ catalog }) => catalog.activeChunkSets().map(({ id }) => id));
  }

  /** What the set knows of its files, by path. */
  knownFiles(chunkSetId: number): Map<string, KnownFile> {
    return this.#read(({ states }) => states.known(chunkSetId));
  }

  knownFile(chunkSetId: number, file: string): KnownFile | undefined {
    return this.#read(({ states }) => states.one(chunkSetId, file));
  }

  /** Paths of the files within a folder, at any depth, in any set. */
  filesBelow(folder: string): string[] {
    return this.#read(({ catalog, states }) => catalog.activeChunkSets().flatMap(({ id }) => states.below(id, folder)));
  }

  /**
   * How many files the serving set left out by their content, how many it could only cut by lines, and its languages. Counting
   * reads every file's row, so unless they must be exact the counts may be those of a moment ago while files are written.
   */
  fileCounts({ exact }: { exact: boolean }): FileCounts {
    const { version } = this;
    const last = this.#counted;
    const started = performance.now();
    if (last !== undefined && (last.version === version || (!exact && started < last.freshUntil))) return last.counts;
    const counts = this.#read(({ catalog, states }) => {
      const id = catalog.chunkSet('serving')?.id ?? -1;
      return { skipped: states.skipped(id), degraded: states.degraded(id), languages: states.languages(id) };
    });
    const now = performance.now();
    this.#counted = { version, counts, freshUntil: now + (now - started) * countingShare };
    return counts;
  }

  /** Writes files with all that belongs to them; chunks whose embedding is known are linked to it at once. */
  writeFiles(writes: readonly FileWrite[]): void {
    this.#write(({ catalog, files, states }) => {
      for (const id of new Set(writes.flatMap(({ chunkSetIds }) => chunkSetIds))) {
        const generations = catalog.activeGenerations(id);
        for (const { file } of writes.filter(({ chunkSetIds }) => chunkSetIds.includes(id))) {
          files.replace(id, generations, file);
          states.forgetSkip(id, file.path);
        }
      }
    });
  }

  /** Files that are gone; returns how many the serving set had. */
  removeFiles(paths: readonly string[]): number {
    return this.#write(({ catalog, files, states }) => {
      let removed = 0;
      for (const { id, state } of catalog.activeChunkSets()) {
        const generations = catalog.activeGenerations(id);
        for (const file of paths) {
          states.forgetSkip(id, file);
          if (files.remove(id, generations, file) && state === 'serving') removed += 1;
        }
      }
      return removed;
    });
  }

  /** Files that are there but left out by their content: whatever was known of them goes. */
  skipFiles(skips: readonly SkippedFile[]): void {
    this.#write(({ catalog, files, states }) => {
      for (const { id } of catalog.activeChunkSets()) {
        const generations = catalog.activeGenerations(id);
        for (const skip of skips) {
          files.remove(id, generations, skip.path);
          states.skip(id, skip);
        }
      }
    });
  }

  /** Another one whenever something was written, here or by another process. */
  get version(): string {
    return `${this.#writes} ${this.dataVersion()}`;
  }

  /** Files that a shared index answers for: the hash of the content by path. */
  sharedFiles(): Map<string, string> {
    return this.#read(({ catalog, states }) => states.shared(catalog.chunkSet('serving')?.id ?? -1));
  }

  /** Forgets that a shared index answers for these files, so that the next scan looks at them again. */
  forgetShared(paths: readonly string[]): void {
    this.#write(({ catalog, states }) => {
      for (const { id } of catalog.activeChunkSets()) for (const path of paths) states.forgetSkip(id, path);
    });
  }

  /** Files whose content is as it was although size or time of change are not. */
  touchFiles(touched: readonly FileState[]): void {
    this.#write(({ catalog, states }) => {
      for (const { id } of catalog.activeChunkSets()) for (const state of touched) states.touch(id, state);
    });
  }

  /** See {@link EmbeddingWriter.pendingOf}. */
  pendingOf(generation: Generation, paths: readonly string[]): PendingChunk[] {
    return this.#read(({ embeddings }) => embeddings.pendingOf(generation, paths));
  }

  /** All that {@link EmbeddingWriter.pendingAfter} has, in parts of `size`; each is read when the one before was dealt with. */
  *pending(generation: Generation, size: number): Generator<PendingChunk[]> {
    for (let after = Number.MIN_SAFE_INTEGER; ;) {
      const part = this.#read(({ embeddings }) => embeddings.pendingAfter(generation, after, size));
      if (part.length > 0) yield part;
      if (part.length < size) return;
      after = part.at(-1)!.chunkId;
    }
  }

  /** See {@link EmbeddingWriter.knownTexts}. */
  knownTexts(isModel: (model: ModelIdentity) => boolean): Set<string> {
    return this.#read(({ embeddings }) => embeddings.knownTexts(isModel));
  }

  /** See {@link EmbeddingWriter.store}. */
  storeEmbeddings(generation: Generation, embeddings: readonly NewEmbedding[]): number {
    return this.#write((session) => session.embeddings.store(generation, embeddings, Date.now()));
  }

  /** See {@link EmbeddingWriter.adopt}. */
  adoptEmbeddings(generation: Generation, embeddings: readonly StoredEmbedding[]): number {
    return this.#write((session) => session.embeddings.adopt(generation, embeddings, Date.now()));
  }

  /** See {@link EmbeddingWriter.linkCached}. */
  linkCached(generation: Generation, chunks: readonly PendingChunk[]): PendingChunk[] {
    return this.#write((session) => session.embeddings.linkCached(generation, chunks));
  }

  /** See {@link EmbeddingWriter.prune}. */
  pruneCache(): number {
    return this.#write((session) => session.embeddings.prune(Date.now()));
  }

  /** Reads commits and issues, with the errors of SQLite translated. */
  readHistory<T>(work: (history: HistoryReader) => T): T {
    return this.#read(({ history }) => work(history));
  }

  writeHistory<T>(work: (history: HistoryWriter) => T): T {
    return this.#write(({ history }) => work(history));
  }

  get #open(): Session {
    if (this.#session === undefined) throw new SextantError('internal', 'The index is closed.');
    return this.#session;
  }

  #read<T>(work: (session: Session) => T): T {
    const session = this.#open;
    try {
      return work(session);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #write<T>(work: (session: Session) => T): T {
    const session = this.#open;
    if (!this.#lease.held) {
      throw new SextantError('database_busy', 'Another window or command is indexing this folder.');
    }
    this.#writes += 1;
    try {
      return session.connection.db
        .transaction(() => {
          const result = work(session);
          session.files.flush();
          return result;
        })
        .immediate();
    } catch (error) {
      session.labels.forget();
      session.files.discard();
      throw this.#failure(error);
    }
  }

  #failure(error: unknown): unknown {
    const translated = translateError(error);
    if (translated instanceof SextantError && translated.code === 'database_damaged') {
      this.#damage = translated;
      this.onDamage?.();
    }
    return translated;
  }
}
