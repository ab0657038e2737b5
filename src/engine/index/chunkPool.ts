import { availableParallelism, loadavg } from 'node:os';
import { Worker } from 'node:worker_threads';
import { workerEntry } from '../paths.ts';
import { chunkByLines, type SourceText } from '../chunk/chunkFile.ts';
import { embeddingText } from '../chunk/embeddingText.ts';
import { analyseFile, type AnalysedFile } from './analyseFile.ts';
import type { ChunkReply, ChunkRequest } from './chunkWorker.ts';

export interface ChunkPoolOptions {
  /** Threads. One keeps up with the encoder on small machines. */
  readonly size?: number;
  /** Milliseconds from the moment a thread takes a file to the moment it is given up; more while the machine is busy. */
  readonly timeLimitMs?: number;
  /** A thread without work for this long is let go: a parser's memory grows with its largest file and never shrinks. */
  readonly idleMs?: number;
  /** Entry of the threads; tests put a faulty one here. */
  readonly entry?: string;
}

interface Job {
  readonly source: SourceText;
  readonly resolve: (file: AnalysedFile) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
  /** It ran out of time once, which may have been the fault of a busy machine. */
  timedOut: boolean;
}

interface Slot {
  worker: Worker | undefined;
  /** What was sent to the thread, in the order in which it answers. */
  sent: { readonly id: number; readonly job: Job }[];
  /** Runs out when the first of them takes too long, or the thread has been idle for too long. */
  timer: NodeJS.Timeout | undefined;
}

/** Files sent to a thread ahead of its answers: the thread goes on while this one writes a transaction. */
const sentAhead = 6;
/** A thread has to start before it takes its first file. */
const startAllowanceMs = 10_000;
/** What a thread makes of a file is gone with the next one: more room for it takes memory and saves no time. */
const resourceLimits = { maxYoungGenerationSizeMb: 16 };
const mostPatience = 8;

/**
 * Cuts and analyses files in threads of their own. A file whose parser crashes, or hangs twice, is cut by lines instead and says
 * so; its thread is replaced, and the files behind it never notice. Nothing but cancellation and disposal rejects.
 */
export class ChunkPool {
  readonly #slots: Slot[];
  readonly #timeLimitMs: number;
  readonly #idleMs: number;
  readonly #entry: string;
  readonly #queue: Job[] = [];
  #nextId = 1;
  #disposed = false;

  constructor(options: ChunkPoolOptions = {}) {
    const size = Math.max(1, options.size ?? 1);
    this.#slots = Array.from({ length: size }, () => ({ worker: undefined, sent: [], timer: undefined }));
    this.#timeLimitMs = options.timeLimitMs ?? 2000;
    this.#idleMs = options.idleMs ?? 30_000;
    this.#entry = options.entry ?? workerEntry('chunkWorker');
  }

  /** Threads that are running. */
  get threads(): number {
    return this.#slots.filter((slot) => slot.worker !== undefined).length;
  }

  /** @param path relative to the root; decides the language. */
  chunk(path: string, text: string, signal?: AbortSignal): Promise<AnalysedFile> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) {
        reject(disposedError());
        return;
      }
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => this.#abandon(job);
      const job: Job = { source: { path, text }, resolve, reject, signal, onAbort, timedOut: false };
      signal?.addEventListener('abort', onAbort, { once: true });
      this.#queue.push(job);
      this.#dispatch();
    });
  }

  /** Stops all threads; what is under way rejects. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    const left = this.#queue.splice(0);
    const stopping: Promise<unknown>[] = [];
    for (const slot of this.#slots) {
      clearTimeout(slot.timer);
      left.push(...slot.sent.map(({ job }) => job));
      if (slot.worker) stopping.push(slot.worker.terminate());
      slot.sent = [];
      slot.worker = undefined;
    }
    for (const job of left) {
      job.signal?.removeEventListener('abort', job.onAbort);
      job.reject(disposedError());
    }
    await Promise.all(stopping);
  }

  /** Hands out what waits, each file to the thread with the fewest ahead of it. */
  #dispatch(): void {
    while (this.#queue.length > 0) {
      const slot = this.#slots.reduce((best, other) => (other.sent.length < best.sent.length ? other : best));
      if (slot.sent.length >= sentAhead) return;
      this.#send(slot, this.#queue.shift()!);
    }
  }

  #send(slot: Slot, job: Job): void {
    const worker = (slot.worker ??= this.#spawn(slot));
    const id = this.#nextId++;
    slot.sent.push({ id, job });
    if (slot.sent.length === 1) this.#limit(slot, startAllowanceMs);
    worker.ref();
    worker.postMessage({ id, ...job.source } satisfies ChunkRequest);
  }

  #limit(slot: Slot, milliseconds: number): void {
    clearTimeout(slot.timer);
    const timer = setTimeout(() => {
      // Where this thread itself was busy, the answer may have come long since: what came is read first.
      setImmediate(() => {
        if (slot.timer === timer) this.#breakDown(slot, 'timeout');
      });
    }, milliseconds * patience());
    slot.timer = timer;
  }

  #spawn(slot: Slot): Worker {
    const worker = new Worker(this.#entry, { name: 'sextant-chunk', resourceLimits });
    worker.on('message', (reply: ChunkReply) => {
      if (slot.worker === worker) this.#receive(slot, reply);
    });
    // An error may overtake the thread's last messages, and the wrong file would be blamed for it; the exit that follows
    // comes after them all.
    worker.on('error', () => undefined);
    worker.on('exit', () => {
      if (slot.worker === worker) this.#breakDown(slot, 'parser_failed');
    });
    worker.unref();
    return worker;
  }

  #receive(slot: Slot, reply: ChunkReply): void {
    if (slot.sent[0]?.id !== reply.id) return;
    if ('result' in reply) this.#finish(slot, () => reply.result);
    else if ('failed' in reply) this.#breakDown(slot, 'parser_failed');
    else this.#limit(slot, this.#timeLimitMs);
  }

  /**
   * Replaces the thread and cuts the file it was at by lines; those behind it go to another thread. What ran out of time is tried
   * once more when its turn comes again: cut by lines it would stay so until it is changed.
   */
  #breakDown(slot: Slot, why: 'timeout' | 'parser_failed'): void {
    const { worker } = slot;
    slot.worker = undefined;
    void worker?.terminate();
    this.#queue.unshift(...slot.sent.splice(1).map(({ job }) => job));
    const [broken] = slot.sent;
    if (broken && why === 'timeout' && !broken.job.timedOut && broken.job.signal?.aborted !== true) {
      clearTimeout(slot.timer);
      slot.sent = [];
      broken.job.timedOut = true;
      this.#queue.push(broken.job);
      this.#dispatch();
    } else if (broken) this.#finish(slot, () => analysedByLines(broken.job.source, why));
    else this.#dispatch();
  }

  #finish(slot: Slot, file: () => AnalysedFile): void {
    const { job } = slot.sent.shift()!;
    if (slot.sent.length === 0) this.#rest(slot);
    else this.#limit(slot, startAllowanceMs);
    job.signal?.removeEventListener('abort', job.onAbort);
    // One that nobody waits for any more is not worth cutting.
    if (job.signal?.aborted !== true) job.resolve(file());
    this.#dispatch();
  }

  #rest(slot: Slot): void {
    clearTimeout(slot.timer);
    slot.worker?.unref();
    slot.timer = setTimeout(() => {
      const { worker } = slot;
      slot.worker = undefined;
      void worker?.terminate();
    }, this.#idleMs);
    slot.timer.unref();
  }

  /** A file in a thread is left to finish there: at most its time limit, and cheaper than a new thread. */
  #abandon(job: Job): void {
    const at = this.#queue.indexOf(job);
    if (at !== -1) this.#queue.splice(at, 1);
    job.reject(job.signal?.reason);
  }
}

function analysedByLines(source: SourceText, why: 'timeout' | 'parser_failed'): AnalysedFile {
  return analyseFile(source.path, chunkByLines(source, why), embeddingText);
}

/** How many times slower than alone a thread may be now, by the work that waits for a processor. */
function patience(): number {
  return Math.min(mostPatience, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()));
}

function disposedError(): Error {
  return new Error('The chunk pool is disposed.');
}
