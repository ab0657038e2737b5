import { SextantError, isCancellation } from '../../shared/errors.ts';
import type { RootPhase, RootStatus } from '../../shared/status.ts';
import type { Encoder } from '../runtime/encoder.ts';
import type { Generation, Target } from '../store/catalog.ts';
import { borrowEmbeddings } from './borrowEmbeddings.ts';
import { Completion } from './completion.ts';
import { Embedder } from './embedder.ts';
import { EmbedQueue } from './embedQueue.ts';
import { FileIndexer, relativePath } from './fileIndexer.ts';
import type { DiscoverySettings, IndexerOptions, IndexRunSummary } from './indexerOptions.ts';
import { rootStatusOf } from './rootStatus.ts';
import { Scanner } from './scanner.ts';
import { Throttle } from './throttle.ts';
import { WakeUp } from './wakeUp.ts';

/** How long until work that failed for want of disk space or of the folder is tried again. */
const retryMs = 5000;
const retriedCodes = ['disk_full', 'workspace_missing', 'database_damaged', 'network', 'rate_limited'];
/** How often a window that may not write asks whether it may now. */
const leaseRetryMs = 2000;
const statusIntervalMs = 150;
/** More changes at once than this are a branch switch or the like, and a scan is cheaper. */
const scanFrom = 500;
const mostLogged = 20;

/**
 * Keeps the index of one root in step with the folder and the model. A loop does what is most urgent: scan, changed files,
 * taking a finished generation into service; embedding goes on beside it. Searching waits for none of them.
 *
 * Where another process holds the writer's lease this one only reads, and takes over when the other ends.
 */
export class Indexer {
  readonly #options: IndexerOptions;
  readonly #scanner: Scanner;
  readonly #embedder: Embedder;
  readonly #queue = new EmbedQueue();
  readonly #status: Throttle;
  readonly #completion = new Completion();
  readonly #wakeUp = new WakeUp();
  readonly #changed = new Set<string>();
  readonly #forced = new Set<string>();
  #settings: DiscoverySettings;
  #encoder: Encoder | undefined;
  #target: Target | undefined;
  #scanWanted = true;
  #paused = false;
  #disposed = false;
  #phase: RootPhase = 'opening';
  #error: unknown;
  #currentFile: string | undefined;
  #priority: ReadonlySet<string> = new Set();
  /** Breaks off scanning and reading files. */
  #fileWork = new AbortController();
  #embedding: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  #embeddingError: { readonly error: unknown } | undefined;
  #loop: Promise<void> | undefined;
  #logged = 0;
  #pruned = false;
  #salvagedFrom: string | undefined;
  readonly #start = performance.now();

  constructor(options: IndexerOptions) {
    this.#options = options;
    this.#settings = options.settings;
    const { store, embeddingText } = options;
    store.onDamage = () => this.#kick();
    this.#status = new Throttle(() => options.onStatus?.(this.status()), statusIntervalMs);
    this.#scanner = new Scanner({
      rootPath: options.root.path,
      store,
      files: new FileIndexer(options),
      onWritten: (paths) => this.#onWritten(paths),
      onFile: (path) => this.#show(path),
    });
    this.#embedder = new Embedder({
      store,
      queue: this.#queue,
      embeddingText,
      onBatch: (path) => this.#show(path),
      onStale: (paths) => this.#force(paths),
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
    this.#scanWanted = true;
    this.#fileWork.abort(new SextantError('cancelled', 'The scan begins anew.'));
    this.#kick();
  }

  /** Absolute paths that a watcher reported, files or folders; what happened to them is seen on the disk. */
  filesChanged(paths: readonly string[]): void {
    for (const absolute of paths) {
      const path = relativePath(this.#options.root.path, absolute);
      if (path !== undefined) this.#changed.add(path);
    }
    if (this.#changed.size > 0) this.#kick();
  }

  /** Absolute paths that the user looks at, most important first: they are indexed and embedded before the rest. */
  prioritize(paths: readonly string[]): void {
    const relative = paths.map((path) => relativePath(this.#options.root.path, path));
    const first = relative.filter((path) => path !== undefined);
    this.#priority = new Set(first);
    this.#queue.prioritize(first);
  }

  /** Stops within a moment; a batch in flight is given up. */
  pause(): void {
    this.#paused = true;
    const reason = new SextantError('cancelled', 'Indexing was paused.');
    this.#fileWork.abort(reason);
    this.#embedding?.abort.abort(reason);
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
    return {
      files,
      skipped,
      chunks,
      tokens: this.#embedder.tokens,
      embedded: this.#embedder.embedded,
      reused: Math.max(0, embedded - this.#embedder.linked),
      seconds: (performance.now() - this.#start) / 1000,
      databaseBytes: this.#options.store.bytes(),
    };
  }

  status(): RootStatus {
    return rootStatusOf(this.#options.root, this.#options.store, {
      phase: this.#phase,
      paused: this.#paused,
      error: this.#error,
      currentFile: this.#currentFile,
      skipped: this.#scanner.skipped,
      waitingCharacters: this.#queue.characters,
      withheld: this.#embedder.withheld.size,
      throughput: this.#embedder.throughput,
    });
  }

  /** Stops at once; what is in flight is given up, what is written stays. The store stays open, its lease is released. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const reason = new SextantError('cancelled', 'The index was closed.');
    this.#fileWork.abort(reason);
    this.#embedding?.abort.abort(reason);
    this.#wakeUp.call();
    this.#status.dispose();
    await this.#loop;
    await this.#embedding?.ended;
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
    if (this.#scanWanted || this.#changed.size >= scanFrom) return this.#scan(this.#fileWork.signal);
    if (this.#changed.size > 0) return this.#update(this.#fileWork.signal);
    if (this.#embeds(this.#target)) return false;
    if (this.#isReplacement(this.#target)) this.#target = store.promote(this.#target);
    if (store.sweep()) return true;
    if (!this.#pruned) {
      this.#pruned = true;
      store.pruneCache();
    }
    this.#currentFile = undefined;
    this.#enter('ready');
    this.#completion.done();
    return false;
  }

  /** A finished set without embeddings does not replace one that has them: the model may still be loading. */
  #isReplacement({ chunkSet, generation }: Target): boolean {
    if (generation !== undefined) return chunkSet.state === 'building' || generation.state === 'building';
    return chunkSet.state === 'building' && this.#options.store.read((reader) => reader.counts()).embedded === 0;
  }

  async #prepare(): Promise<Target> {
    const { store, chunkerVersion } = this.#options;
    this.#embedding?.abort.abort(new SextantError('cancelled', 'The model has changed.'));
    await this.#embedding?.ended;
    this.#embeddingError = undefined;
    this.#embedder.forgetFailures();
    const known = store.chunkSetIds();
    const target = store.prepare(chunkerVersion, this.#encoder);
    // A set that has just been begun knows none of the files.
    if (!known.includes(target.chunkSet.id)) this.#scanWanted = true;
    this.#queue.clear();
    return target;
  }

  async #scan(signal: AbortSignal): Promise<boolean> {
    this.#enter('scanning');
    this.#scanWanted = false;
    this.#changed.clear();
    try {
      const first = (path: string): boolean => this.#priority.has(path);
      const latest = await this.#scanner.scan(this.#settings, first, signal, () => this.#enter('indexing'));
      await this.#borrow(signal);
      this.#queue.changed(latest);
    } catch (error) {
      this.#scanWanted = true;
      throw error;
    }
    return true;
  }

  async #update(signal: AbortSignal): Promise<boolean> {
    const paths = [...this.#changed];
    const forced = new Set(this.#forced);
    this.#changed.clear();
    this.#forced.clear();
    this.#enter('indexing');
    try {
      const needsScan = await this.#scanner.update(paths, forced, this.#settings, signal);
      this.#scanWanted ||= needsScan;
    } catch (error) {
      for (const path of paths) this.#changed.add(path);
      for (const path of forced) this.#forced.add(path);
      throw error;
    }
    return true;
  }

  /** Sees to it that what waits is being embedded; false when nothing does. */
  #embeds({ generation }: Target): boolean {
    const failure = this.#embeddingError;
    this.#embeddingError = undefined;
    if (failure !== undefined) throw failure.error;
    const encoder = this.#encoder;
    if (encoder === undefined || generation === undefined) return false;
    if (this.#embedding === undefined) {
      if (this.#queue.size === 0 && !this.#refill(generation)) return false;
      const abort = new AbortController();
      const ended = this.#embed(encoder, generation, abort.signal);
      this.#embedding = { abort, ended };
    }
    this.#enter('embedding');
    return true;
  }

  async #embed(encoder: Encoder, generation: Generation, signal: AbortSignal): Promise<void> {
    try {
      await this.#embedder.run(encoder, generation, signal);
    } catch (error) {
      if (!signal.aborted) this.#embeddingError = { error };
    }
    this.#embedding = undefined;
    this.#wakeUp.call();
  }

  /** Looks for chunks that have no embedding yet; true when there are any that can have one. */
  #refill(generation: Generation): boolean {
    const { store } = this.#options;
    const pending = store.pending(generation);
    const linked = pending.length === 0 ? 0 : store.linkCached(generation, pending);
    const left = linked === 0 ? pending : store.pending(generation);
    this.#queue.add(left.filter(({ textHash }) => !this.#embedder.failed.has(textHash.toString('base64'))));
    return this.#queue.size > 0;
  }

  /** See {@link borrowEmbeddings}; what a damaged database still holds is looked for once. */
  async #borrow(signal: AbortSignal): Promise<void> {
    const { store } = this.#options;
    const generation = this.#target?.generation;
    if (generation === undefined || !this.#refill(generation)) return;
    const copy = store.damagedCopy === this.#salvagedFrom ? undefined : store.damagedCopy;
    this.#salvagedFrom = store.damagedCopy;
    await borrowEmbeddings(store, generation, copy, signal, this.#options.team);
    this.#queue.clear();
    this.#refill(generation);
  }

  #onWritten(paths: readonly string[]): void {
    const generation = this.#target?.generation;
    // During a scan the queue is filled at its end, all at once.
    if (generation !== undefined && paths.length < scanFrom && !this.#scanWanted && this.#embedding !== undefined) {
      this.#queue.drop(paths);
      this.#queue.add(this.#options.store.pending(generation, paths));
      this.#queue.changed(paths);
    }
    this.#status.soon();
  }

  #force(paths: readonly string[]): void {
    for (const path of paths) {
      this.#forced.add(path);
      this.#changed.add(path);
    }
    this.#wakeUp.call();
  }

  /** How long to sleep before the next try; 0 for none. */
  #failed(error: unknown): number {
    if (isCancellation(error)) return this.#paused ? Infinity : 0;
    const code = error instanceof SextantError ? error.code : 'internal';
    if (code === 'database_damaged' && this.#rebuilt(error)) return 0;
    this.#completion.failed(error);
    if (code === 'database_busy') {
      this.#phase = 'ready';
      this.#error = undefined;
      return leaseRetryMs;
    }
    this.#phase = 'error';
    this.#error = error;
    this.#log('error', error);
    return retriedCodes.includes(code) ? retryMs : Infinity;
  }

  #rebuilt(error: unknown): boolean {
    this.#log('warn', error);
    this.#embedding?.abort.abort(error);
    this.#target = undefined;
    this.#scanWanted = true;
    try {
      this.#options.store.replaceDamaged();
      return true;
    } catch (failure) {
      this.#log('error', failure);
      return false;
    }
  }

  #log(level: 'warn' | 'error', error: unknown): void {
    this.#logged += 1;
    // A failure that repeats every few seconds must not fill the log.
    if (this.#logged > mostLogged) return;
    const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.#options.onLog?.({ level, message });
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
