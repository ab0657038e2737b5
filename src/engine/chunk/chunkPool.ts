import { Worker } from 'node:worker_threads';
import { workerEntry } from '../paths.ts';
import type { ChunkedFile } from './chunk.ts';
import { chunkByLines, type SourceText } from './chunkFile.ts';
import type { ChunkReply, ChunkRequest } from './chunkWorker.ts';

export interface ChunkPoolOptions {
  /** Threads. One keeps up with the encoder on small machines. */
  readonly size?: number;
  /** Milliseconds from the moment a thread takes a file to the moment it is given up. */
  readonly timeLimitMs?: number;
}

interface Job {
  readonly source: SourceText;
  readonly resolve: (file: ChunkedFile) => void;
  readonly reject: (reason: unknown) => void;
  readonly signal: AbortSignal | undefined;
  readonly onAbort: () => void;
}

interface Slot {
  worker: Worker | undefined;
  job: { readonly id: number; readonly job: Job; readonly timer: NodeJS.Timeout } | undefined;
}

/** A new thread also has to start and to load a grammar. */
const startAllowanceMs = 5000;

/**
 * Chunks files in threads of their own. A file whose parser hangs or crashes is cut by lines instead and says so; its
 * thread is replaced, and the files behind it never notice. Nothing but cancellation and disposal rejects.
 */
export class ChunkPool {
  readonly #slots: Slot[];
  readonly #timeLimitMs: number;
  readonly #queue: Job[] = [];
  #nextId = 1;
  #disposed = false;

  constructor({ size = 1, timeLimitMs = 2000 }: ChunkPoolOptions = {}) {
    this.#slots = Array.from({ length: Math.max(1, size) }, () => ({ worker: undefined, job: undefined }));
    this.#timeLimitMs = timeLimitMs;
  }

  /** @param path relative to the root; decides the language. */
  chunk(path: string, text: string, signal?: AbortSignal): Promise<ChunkedFile> {
    return new Promise((resolve, reject) => {
      if (this.#disposed) {
        reject(new Error('The chunk pool is disposed.'));
        return;
      }
      if (signal?.aborted) {
        reject(signal.reason as Error);
        return;
      }
      const onAbort = (): void => this.#abandon(job);
      const job: Job = { source: { path, text }, resolve, reject, signal, onAbort };
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
      if (slot.job) {
        clearTimeout(slot.job.timer);
        left.push(slot.job.job);
        slot.job = undefined;
      }
      if (slot.worker) stopping.push(slot.worker.terminate());
      slot.worker = undefined;
    }
    for (const job of left) {
      job.signal?.removeEventListener('abort', job.onAbort);
      job.reject(new Error('The chunk pool is disposed.'));
    }
    await Promise.all(stopping);
  }

  #dispatch(): void {
    for (const slot of this.#slots) {
      if (slot.job) continue;
      const job = this.#queue.shift();
      if (!job) return;
      this.#start(slot, job);
    }
  }

  #start(slot: Slot, job: Job): void {
    const fresh = slot.worker === undefined;
    const worker = (slot.worker ??= this.#spawn(slot));
    const id = this.#nextId++;
    const limit = this.#timeLimitMs + (fresh ? startAllowanceMs : 0);
    const timer = setTimeout(() => this.#breakDown(slot, 'timeout'), limit);
    slot.job = { id, job, timer };
    worker.ref();
    worker.postMessage({ id, ...job.source } satisfies ChunkRequest);
  }

  #spawn(slot: Slot): Worker {
    const worker = new Worker(workerEntry('chunkWorker'), { name: 'sextant-chunk' });
    const current = (): boolean => slot.worker === worker;
    worker.on('message', (reply: ChunkReply) => {
      if (current()) this.#receive(slot, reply);
    });
    worker.on('error', () => {
      if (current()) this.#breakDown(slot, 'parser_failed');
    });
    worker.on('exit', () => {
      if (current()) this.#breakDown(slot, 'parser_failed');
    });
    worker.unref();
    return worker;
  }

  #receive(slot: Slot, reply: ChunkReply): void {
    if (slot.job?.id !== reply.id) return;
    if ('result' in reply) this.#finish(slot, reply.result);
    else if ('failed' in reply) this.#breakDown(slot, 'parser_failed');
    else this.#restartTimer(slot);
  }

  /** A fresh thread has started: from here on the file has its usual time. */
  #restartTimer(slot: Slot): void {
    const { id, job, timer } = slot.job!;
    clearTimeout(timer);
    slot.job = { id, job, timer: setTimeout(() => this.#breakDown(slot, 'timeout'), this.#timeLimitMs) };
  }

  /** Replaces the thread and cuts its file by lines. */
  #breakDown(slot: Slot, why: 'timeout' | 'parser_failed'): void {
    const { worker, job } = slot;
    slot.worker = undefined;
    void worker?.terminate();
    if (job) this.#finish(slot, chunkByLines(job.job.source, why));
  }

  #finish(slot: Slot, file: ChunkedFile): void {
    const { job, timer } = slot.job!;
    clearTimeout(timer);
    slot.job = undefined;
    slot.worker?.unref();
    job.signal?.removeEventListener('abort', job.onAbort);
    job.resolve(file);
    this.#dispatch();
  }

  /** A file in a thread is left to finish there: at most its time limit, and cheaper than a new thread. */
  #abandon(job: Job): void {
    const at = this.#queue.indexOf(job);
    if (at !== -1) this.#queue.splice(at, 1);
    job.reject(job.signal?.reason);
  }
}
