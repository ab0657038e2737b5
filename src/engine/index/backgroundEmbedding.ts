import { setImmediate } from 'node:timers/promises';
import type { Chunk } from '../chunk/chunk.ts';
import type { Encoder } from '../runtime/encoder.ts';
import type { Generation } from '../store/catalog.ts';
import type { RootStore } from '../store/rootStore.ts';
import { borrowEmbeddings } from './borrowEmbeddings.ts';
import { Embedder } from './embedder.ts';
import { EmbedQueue, keyOf } from './embedQueue.ts';
import type { TeamLayer } from './indexerOptions.ts';

const linkedAtOnce = 1000;

export interface BackgroundEmbeddingOptions {
  readonly store: RootStore;
  readonly embeddingText: (path: string, chunk: Chunk) => string;
  readonly team: TeamLayer | undefined;
  /** See {@link Embedder}. */
  readonly onBatch: (path: string) => void;
  readonly onStale: (paths: readonly string[]) => void;
  /** A run has ended, of itself or not. */
  readonly onEnd: () => void;
}

/** Gives the chunks of a generation their embeddings, beside whatever else the indexer does. */
export class BackgroundEmbedding {
  readonly embedder: Embedder;
  readonly #options: BackgroundEmbeddingOptions;
  readonly #queue = new EmbedQueue();
  #run: { readonly abort: AbortController; readonly ended: Promise<void> } | undefined;
  #failure: { readonly error: unknown } | undefined;
  #salvagedFrom: string | undefined;

  constructor(options: BackgroundEmbeddingOptions) {
    const { store, embeddingText, onBatch, onStale } = options;
    this.#options = options;
    this.embedder = new Embedder({ store, queue: this.#queue, embeddingText, onBatch, onStale });
  }

  /** Characters of the texts that are known to wait. */
  get waitingCharacters(): number {
    return this.#queue.characters;
  }

  /** Relative paths that go before all others, most important first. */
  prioritize(paths: readonly string[]): void {
    this.#queue.prioritize(paths);
  }

  /** Paths that have just changed. */
  changed(paths: readonly string[]): void {
    this.#queue.changed(paths);
  }

  /**
   * Sees to it that what waits is being embedded, if that is still wanted once it was looked for; false when nothing is.
   * @throws what the last run failed with, once.
   */
  async ensure(
    encoder: Encoder | undefined,
    generation: Generation | undefined,
    wanted: () => boolean,
  ): Promise<boolean> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    if (encoder === undefined || generation === undefined) return false;
    if (this.#run === undefined) {
      if (this.#queue.size === 0 && !(await this.#refill(generation))) return false;
      if (!wanted()) return false;
      const abort = new AbortController();
      const ended = this.#embed(encoder, generation, abort.signal);
      this.#run = { abort, ended };
    }
    return true;
  }

  /** Files were written while a run goes on: it takes up what is new in them. */
  written(generation: Generation, paths: readonly string[]): void {
    if (this.#run === undefined) return;
    this.#queue.drop(paths);
    this.#queue.add(this.#options.store.pendingOf(generation, paths));
    this.#queue.changed(paths);
  }

  /** See {@link borrowEmbeddings}; what a damaged database still holds is looked for once. */
  async borrow(generation: Generation, signal: AbortSignal): Promise<void> {
    if (!(await this.#refill(generation))) return;
    const { store, team } = this.#options;
    const copy = store.damagedCopy === this.#salvagedFrom ? undefined : store.damagedCopy;
    this.#salvagedFrom = store.damagedCopy;
    await borrowEmbeddings(store, generation, copy, signal, team);
    this.#queue.clear();
    await this.#refill(generation);
  }

  /** Gives up the batch in flight. */
  abort(reason: unknown): void {
    this.#run?.abort.abort(reason);
  }

  async ended(): Promise<void> {
    await this.#run?.ended;
  }

  /** Ends, and forgets what waits and what could not be embedded: another model may. */
  async reset(reason: unknown): Promise<void> {
    this.abort(reason);
    await this.ended();
    this.#failure = undefined;
    this.embedder.forgetFailures();
    this.#queue.clear();
  }

  async #embed(encoder: Encoder, generation: Generation, signal: AbortSignal): Promise<void> {
    try {
      await this.embedder.run(encoder, generation, signal);
    } catch (error) {
      if (!signal.aborted) this.#failure = { error };
    }
    this.#run = undefined;
    this.#options.onEnd();
  }

  /** Looks for chunks that have no embedding yet; true when there are any that can have one. */
  async #refill(generation: Generation): Promise<boolean> {
    const { store } = this.#options;
    // A model that was used before has an embedding for all of them: in parts, which stay whatever happens between them.
    for (const pending of store.pending(generation, linkedAtOnce)) {
      const left = store.linkCached(generation, pending);
      this.#queue.add(left.filter(({ textHash }) => !this.embedder.failed.has(keyOf(textHash))));
      if (pending.length === linkedAtOnce) await setImmediate();
    }
    return this.#queue.size > 0;
  }
}
