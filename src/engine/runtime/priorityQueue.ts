import type { EmbedKind } from './encoder.ts';

interface Job {
  readonly kind: EmbedKind;
  readonly start: () => Promise<void>;
  readonly cancel: (reason: unknown) => void;
}

/**
 * Hands jobs to a fixed number of workers: queries before documents, and first come first served among each. A job that
 * runs is never interrupted, so jobs are kept small.
 */
export class PriorityQueue<Worker> {
  readonly #idle: Worker[];
  readonly #queries: Job[] = [];
  readonly #documents: Job[] = [];

  constructor(workers: readonly Worker[]) {
    this.#idle = [...workers];
  }

  /**
   * Runs `work` on the next free worker.
   * @throws the signal's reason if it aborts before the work starts; once started, the work runs to its end.
   */
  run<Result>(kind: EmbedKind, work: (worker: Worker) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    if (signal?.aborted === true) return Promise.reject(signal.reason as Error);
    return new Promise<Result>((resolve, reject) => {
      const queue = kind === 'query' ? this.#queries : this.#documents;
      const abort = (): void => {
        const index = queue.indexOf(job);
        if (index >= 0) queue.splice(index, 1);
        reject(signal?.reason as Error);
      };
      const job: Job = {
        kind,
        start: () => {
          signal?.removeEventListener('abort', abort);
          return this.#work(work).then(resolve, reject);
        },
        cancel: reject,
      };
      signal?.addEventListener('abort', abort, { once: true });
      queue.push(job);
      this.#dispatch();
    });
  }

  /** Rejects everything that has not started. */
  clear(reason: unknown): void {
    for (const job of [...this.#queries.splice(0), ...this.#documents.splice(0)]) job.cancel(reason);
  }

  async #work<Result>(work: (worker: Worker) => Promise<Result>): Promise<Result> {
    const worker = this.#idle.pop()!;
    try {
      return await work(worker);
    } finally {
      this.#idle.push(worker);
      this.#dispatch();
    }
  }

  #dispatch(): void {
    while (this.#idle.length > 0) {
      const job = this.#queries.shift() ?? this.#documents.shift();
      if (job === undefined) return;
      void job.start();
    }
  }
}
