import { setImmediate } from 'node:timers/promises';
import { SextantError, isCancellation } from '../../shared/errors.ts';
import type { RootPhase, RootStatus } from '../../shared/status.ts';
import type { Encoder } from '../runtime/encoder.ts';
import type { Target } from '../store/catalog.ts';
import { BackgroundEmbedding } from './backgroundEmbedding.ts';
import { Completion } from './completion.ts';
import { codeOf, FailureLog, retryAfterMs } from './failures.ts';
import { FileIndexer, relativePath } from './fileIndexer.ts';
import type { DiscoverySettings, IndexerOptions, IndexRunSummary } from './indexerOptions.ts';
import { PendingFiles, scanFrom } from './pendingFiles.ts';
import { rootStatusOf } from './rootStatus.ts';
import { Scanner } from './scanner.ts';
import { Throttle } from './throttle.ts';
import { WakeUp } from './wakeUp.ts';

const statusIntervalMs = 150;
/** So long after a scan its ignore files are looked at once more, for one that came and went while they were read. */
const recheckMs = 3000;

/**
 * Keeps the index of one root in step with the folder and the model. A loop does what is most urgent: scan, changed files,
 * taking a finished generation into service; embedding goes on beside it. Searching waits for none of them.
 *
 * Where another process holds the writer's lease this one only reads, and takes over when the other ends.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #scanner: Scanner;
  readonly #embedding: BackgroundEmbedding;
  readonly #files: PendingFiles;
  readonly #status: Throttle;
  readonly #completion = new Completion();
  readonly #wakeUp = new WakeUp();
  readonly #failures: FailureLog;
  #settings: DiscoverySettings;
  #encoder: Encoder | undefined;
  #target: Target | undefined;
  #paused = false;
  #disposed = false;
  #phase: RootPhase = 'opening';
  #error: unknown;
  #currentFile: string | undefined;
  #priority: ReadonlySet<string> = new Set();
  /** Breaks off scanning and reading files. */
  #fileWork = new AbortController();
  #loop: Promise<void> | undefined;
  #recheck: NodeJS.Timeout | undefined;
  #pruned = false;
  readonly #start = performance.now();

  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { root, store, embeddingText, team } = options;
    this.#files = new PendingFiles(root.path);
    this.#failures = new FailureLog((line) => options.onLog?.(line));
    store.onDamage = () => this.#kick();
    this.#status = new Throttle(() => options.onStatus?.(this.status()), statusIntervalMs);
    this.#scanner = new Scanner({
      rootPath: root.path,
      store,
      files: new FileIndexer(options),
      onWritten: (paths) => this.#onWritten(paths),
      onFile: (path) => this.#show(path),
    });
    this.#embedding = new BackgroundEmbedding({
      store,
      embeddingText,
      team,
      onBatch: (path) => this.#show(path),
      onStale: (paths) => {
        this.#files.force(paths);
        this.#wakeUp.call();
      },
      onEnd: () => this.#wakeUp.call(),
    });
  }

  /** Begins with a scan of the root; call once. Without an encoder files are indexed for keywords only. */
  start(encoder?: Encoder): void {
    this.#encoder = encoder;
    this.#loop ??= this.#run();
  }

  /** Another model, or none. Its embeddings are made beside those that serve. */
  setEncoder(encoder: Encoder | undefined): void {
    if (this.#encoder === encoder) return;
    this.#encoder = encoder;
    this.#target = undefined;
    this.#kick();
  }

  updateSettings(settings: DiscoverySettings): void {
    this.#settings = settings;
    this.rescan();
  }

  /** Compares all files with the index again. */
  rescan(): void {
    this.#files.wantScan();
    this.#fileWork.abort(new SextantError('cancelled', 'The scan begins anew.'));
    this.#kick();
  }

  /** Absolute paths that a watcher reported, files or folders; what happened to them is seen on the disk. */
  filesChanged(paths: readonly string[]): void {
    if (this.#files.add(paths)) this.#kick();
  }

  /** Absolute paths that the user looks at, most important first: they are indexed and embedded before the rest. */
  prioritize(paths: readonly string[]): void {
    const relative = paths.map((path) => relativePath(this.#options.root.path, path));
    const first = relative.filter((path) => path !== undefined);
    this.#priority = new Set(first);
    this.#embedding.prioritize(first);
  }

  /** Stops within a moment; a batch in flight is given up. */
  pause(): void {
    this.#paused = true;
    const reason = new SextantError('cancelled', 'Indexing was paused.');
    this.#fileWork.abort(reason);
    this.#embedding.abort(reason);
    this.#kick();
  }

  resume(): void {
    this.#paused = false;
    this.#kick();
  }

  /**
   * Resolves when nothing is left to do.
   * @throws whatever keeps the work from being done; `database_busy` where another process is doing it.
   */
  async whenIdle(signal?: AbortSignal): Promise<IndexRunSummary> {
    await this.#completion.wait(signal);
    const { files, chunks, embedded, skipped } = this.status();
    const { embedder } = this.#embedding;
    return {
      files,
      skipped,
      chunks,
      tokens: embedder.tokens,
      embedded: embedder.embedded,
      reused: Math.max(0, embedded - embedder.linked),
      seconds: (performance.now() - this.#start) / 1000,
      databaseBytes: this.#options.store.bytes(),
    };
  }

  status(): RootStatus {
    const { embedder, waitingCharacters } = this.#embedding;
    return rootStatusOf(this.#options.root, this.#options.store, {
      phase: this.#phase,
      paused: this.#paused,
      error: this.#error,
      currentFile: this.#currentFile,
      skipped: this.#scanner.skipped,
      waitingCharacters,
      failed: embedder.failed.size,
      withheld: embedder.withheld.size,
      throughput: embedder.throughput,
    });
  }

  /** Stops at once; what is in flight is given up, what is written stays. The store stays open, its lease is released. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const reason = new SextantError('cancelled', 'The index was closed.');
    this.#fileWork.abort(reason);
    this.#embedding.abort(reason);
    this.#wakeUp.call();
    this.#status.dispose();
    await this.#loop;
    clearTimeout(this.#recheck);
    await this.#embedding.ended();
    this.#completion.failed(reason);
    this.#options.store.release();
  }

  async #run(): Promise<void> {
    while (!this.#disposed) {
      let sleep = Infinity;
      try {
        if (!this.#paused && (await this.#step())) continue;
      } catch (error) {
        sleep = this.#failed(error);
      }
      if (sleep === 0) continue;
      this.#status.soon();
      await this.#wakeUp.sleep(sleep);
    }
  }

  /** Does the most urgent thing; false when there is nothing to do but wait. */
  async #step(): Promise<boolean> {
    const { store } = this.#options;
    if (store.damage !== undefined) throw store.damage;
    if (!store.acquire()) throw new SextantError('database_busy', 'Another process is indexing this folder.');
    if (this.#fileWork.signal.aborted) this.#fileWork = new AbortController();
    this.#target ??= await this.#prepare();
    const { next } = this.#files;
    if (next !== undefined) {
      await (next === 'scan' ? this.#scan(this.#fileWork.signal) : this.#update(this.#fileWork.signal));
      return true;
    }
    const target = this.#target;
    if (await this.#embedding.ensure(this.#encoder, target.generation, () => this.#isUndisturbed(target))) {
      this.#enter('embedding');
      return false;
    }
    if (!this.#isUndisturbed(target)) return true;
    if (this.#isReplacement(target)) this.#target = store.promote(target);
    if (await this.#sweep(this.#target)) return true;
    if (!this.#pruned) {
      this.#pruned = true;
      store.pruneCache();
    }
    this.#currentFile = undefined;
    this.#enter('ready');
    this.#completion.done();
    return false;
  }

  /**
   * Clears away what is no longer needed, others getting their turn in between: with only its own steps to wait for, this loop would
   * keep everybody waiting. True when something more urgent came.
   */
  async #sweep(target: Target): Promise<boolean> {
    while (this.#options.store.sweep()) {
      await setImmediate();
      if (!this.#isUndisturbed(target)) return true;
    }
    return false;
  }

  /** False once something came, in a turn that others were given, which goes before what is done for this target. */
  #isUndisturbed(target: Target): boolean {
    if (this.#disposed || this.#paused || this.#target !== target) return false;
    return this.#files.next === undefined && this.#options.store.damage === undefined;
  }

  /** A finished set without embeddings does not replace one that has them: the model may still be loading. */
  #isReplacement({ chunkSet, generation }: Target): boolean {
    if (generation !== undefined) return chunkSet.state === 'building' || generation.state === 'building';
    return chunkSet.state === 'building' && this.#options.store.read((reader) => reader.counts()).embedded === 0;
  }

  async #prepare(): Promise<Target> {
    const { store, chunkerVersion } = this.#options;
    await this.#embedding.reset(new SextantError('cancelled', 'The model has changed.'));
    const known = store.chunkSetIds();
    const target = store.prepare(chunkerVersion, this.#encoder);
    // A set that has just been begun knows none of the files.
    if (!known.includes(target.chunkSet.id)) this.#files.wantScan();
    return target;
  }

  async #scan(signal: AbortSignal): Promise<void> {
    clearTimeout(this.#recheck);
    this.#enter('scanning');
    const first = (path: string): boolean => this.#priority.has(path);
    await this.#files.scan(async () => {
      const latest = await this.#scanner.scan(this.#settings, first, signal, () => this.#enter('indexing'));
      const generation = this.#target?.generation;
      if (generation !== undefined) await this.#embedding.borrow(generation, signal);
      this.#embedding.changed(latest);
    });
    this.#recheck = setTimeout(() => this.#rescanStale(), recheckMs).unref();
  }

  #rescanStale(): void {
    if (this.#disposed || !this.#scanner.isStale()) return;
    this.#files.wantScan();
    this.#kick();
  }

  async #update(signal: AbortSignal): Promise<void> {
    this.#enter('indexing');
    await this.#files.update((paths, forced) => this.#scanner.update(paths, forced, this.#settings, signal));
  }

  #onWritten(paths: readonly string[]): void {
    const generation = this.#target?.generation;
    // During a scan the queue is filled at its end, all at once.
    if (generation !== undefined && paths.length < scanFrom && !this.#files.scanDue)
      this.#embedding.written(generation, paths);
    this.#status.soon();
  }

  /** How long to sleep before the next try; 0 for none. */
  #failed(error: unknown): number {
    if (isCancellation(error)) return this.#paused ? Infinity : 0;
    const code = codeOf(error);
    if (code === 'database_damaged' && this.#rebuilt(error)) return 0;
    this.#completion.failed(error);
    if (code === 'database_busy') {
      this.#phase = 'ready';
      this.#error = undefined;
    } else {
      this.#phase = 'error';
      this.#error = error;
      this.#failures.add('error', error);
    }
    return retryAfterMs(code);
  }

  #rebuilt(error: unknown): boolean {
    this.#failures.add('warn', error);
    this.#embedding.abort(error);
    this.#target = undefined;
    this.#files.wantScan();
    try {
      this.#options.store.replaceDamaged();
      return true;
    } catch (failure) {
      this.#failures.add('error', failure);
      return false;
    }
  }

  #enter(phase: RootPhase): void {
    this.#error = undefined;
    this.#phase = phase;
    this.#status.soon();
  }

  #show(path: string): void {
    this.#currentFile = path;
    this.#status.soon();
  }

  /** There is something to do. */
  #kick(): void {
    this.#completion.begin();
    this.#wakeUp.call();
  }
}
