import { isCancellation, SextantError } from '../../shared/errors.ts';
import type { HistoryKind, HistoryStatus } from '../../shared/history.ts';
import type { LogLine } from '../../shared/protocol.ts';
import { Throttle } from '../index/throttle.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { classifyHistory, type HistoryClassifier } from './classifyHistory.ts';
import { embedHistory, type HistoryWork } from './embedHistory.ts';
import type { HistoryStore } from './historyStore.ts';
import { syncCommits } from './syncCommits.ts';

export interface RootHistoryOptions {
  /** Canonical URI. */
  readonly root: string;
  readonly folder: string;
  readonly store: HistoryStore;
  readonly commitLimit: () => number;
  readonly onStatus: (status: HistoryStatus) => void;
  readonly onLog: (line: LogLine) => void;
}

const statusIntervalMs = 300;

/** Work on one root's history: each kind of it runs once at a time, whoever asks for it. */
export class RootHistory {
  readonly #options: RootHistoryOptions;
  readonly #dispose = new AbortController();
  readonly #status: Throttle;
  readonly #running = new Map<string, Promise<void>>();
  #phase: HistoryStatus['phase'] = 'idle';
  #done = { embedded: 0, classified: 0 };
  #readAt = -Infinity;
  #complete = false;
  #problem: string | undefined;

  constructor(options: RootHistoryOptions) {
    this.#options = options;
    this.#status = new Throttle(() => options.onStatus(this.status()), statusIntervalMs);
  }

  get root(): string {
    return this.#options.root;
  }

  get folder(): string {
    return this.#options.folder;
  }

  get store(): HistoryStore {
    return this.#options.store;
  }

  /** Everything is read and embedded as of so many milliseconds ago; `Infinity` while something is left to do. */
  get age(): number {
    return this.#complete ? performance.now() - this.#readAt : Infinity;
  }

  /** Why the commits could not be read the last time; undefined once they were. */
  get problem(): string | undefined {
    return this.#problem;
  }

  status(): HistoryStatus {
    const counts = this.store.readHistory((history) => history.counts());
    return { root: this.root, phase: this.#phase, ...counts, ...this.#done };
  }

  /** Brings the commits up to date. Where another process writes, what is there is all there is. */
  read(signal: AbortSignal): Promise<void> {
    return this.#once('reading', signal, async (stop) => {
      this.#complete = false;
      if (!this.store.acquire()) return;
      const onProgress = (): void => this.#status.soon();
      await syncCommits(this.store, this.folder, { limit: this.#options.commitLimit(), signal: stop, onProgress });
      this.#readAt = performance.now();
      this.#problem = undefined;
    });
  }

  /** `mayGoOn` is asked after each batch: what is more urgent goes first. */
  embed(encoder: Encoder, signal: AbortSignal, mayGoOn: () => boolean = () => true): Promise<void> {
    return this.#once('embedding', signal, async (stop) => {
      if (!this.store.acquire()) return;
      const yieldTo = new AbortController();
      const onProgress = (done: number): void => {
        this.#done = { ...this.#done, embedded: done };
        this.#status.soon();
        if (!mayGoOn()) yieldTo.abort();
      };
      const work = { signal: AbortSignal.any([stop, yieldTo.signal]), onProgress };
      await embedHistory(this.store, encoder, work).catch((error: unknown) => {
        if (!yieldTo.signal.aborted) throw error;
      });
      this.#complete = !yieldTo.signal.aborted;
      this.#done = {
        ...this.#done,
        embedded: this.store.readHistory((history) => history.embedded(encoder.fingerprint)),
      };
    });
  }

  /** The newest so many of what waits, or all. */
  classify(
    classifier: HistoryClassifier,
    kinds: readonly HistoryKind[],
    signal: AbortSignal,
    newest?: number,
    report?: HistoryWork['onProgress'],
  ): Promise<void> {
    return this.#once('classifying', signal, async (stop) => {
      if (!this.store.acquire()) return;
      const before = this.store.readHistory((history) => history.classified(classifier.fingerprint, kinds));
      const onProgress = (done: number, total: number): void => {
        this.#done = { ...this.#done, classified: before + done };
        this.#status.soon();
        report?.(done, total);
      };
      const bound = newest === undefined ? {} : { newest };
      await classifyHistory(this.store, classifier, kinds, { signal: stop, onProgress, ...bound });
    });
  }

  /** Stops what goes on and waits for it. */
  async dispose(): Promise<void> {
    this.#dispose.abort();
    await Promise.allSettled(this.#running.values());
    this.#status.dispose();
  }

  /**
   * Joins the work of this kind when it is going on already: a caller who gives up then no longer waits, and the work goes on for
   * the one who began it.
   */
  async #once(
    phase: Exclude<HistoryStatus['phase'], 'idle'>,
    signal: AbortSignal,
    work: (stop: AbortSignal) => Promise<void>,
  ): Promise<void> {
    signal.throwIfAborted();
    const going = this.#running.get(phase);
    if (going !== undefined) {
      await Promise.race([going.catch(() => undefined), aborted(signal)]);
      signal.throwIfAborted();
      return this.#once(phase, signal, work);
    }
    const started = this.#run(phase, work, AbortSignal.any([signal, this.#dispose.signal]));
    this.#running.set(phase, started);
    await started;
  }

  async #run(
    phase: HistoryStatus['phase'],
    work: (stop: AbortSignal) => Promise<void>,
    stop: AbortSignal,
  ): Promise<void> {
    this.#phase = phase;
    this.#status.soon();
    try {
      await work(stop);
    } catch (error) {
      if (phase === 'reading' && !isCancellation(error)) this.#problem = describe(error);
      if (!isCancellation(error)) this.#log(phase, error);
      throw error;
    } finally {
      this.#running.delete(phase);
      if (this.#running.size === 0) this.#phase = 'idle';
      this.#status.soon();
    }
  }

  #log(phase: string, error: unknown): void {
    this.#options.onLog({ level: 'warn', message: `${phase} the history of ${this.folder}: ${describe(error)}` });
  }
}

/** What went wrong and what to do about it. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof SextantError && error.hint !== undefined ? `${message} ${error.hint}` : message;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
