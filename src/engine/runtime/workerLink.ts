import { Worker } from 'node:worker_threads';
import { deserializeError, SextantError, type SerializedError } from '../../shared/errors.ts';

/** What a worker answers to a request of the same id. */
export type WorkerReply<Result> =
  { readonly id: number; readonly result: Result } | { readonly id: number; readonly error: SerializedError };

interface Pending<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/** Requests and replies with one worker thread. Once the thread is gone, every request rejects. */
export class WorkerLink<Request, Result> {
  readonly #worker: Worker;
  readonly #pending = new Map<number, Pending<Result>>();
  #failure: SextantError | undefined;
  #nextId = 1;

  constructor(entry: string, workerData: unknown, name: string) {
    this.#worker = new Worker(entry, { workerData, name });
    this.#worker.on('message', (reply: WorkerReply<Result>) => this.#settle(reply));
    this.#worker.on('error', (cause) =>
      this.#fail(new SextantError('runtime_unavailable', `A ${name} thread failed: ${describe(cause)}`, { cause })),
    );
    this.#worker.on('exit', () => this.#fail(new SextantError('runtime_unavailable', `A ${name} thread has stopped.`)));
    this.#worker.unref();
  }

  request(request: Request, transfer: readonly ArrayBuffer[] = []): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      // The thread keeps the process alive only while somebody waits for it.
      this.#worker.ref();
      this.#worker.postMessage({ id, request }, transfer);
    });
  }

  async dispose(): Promise<void> {
    this.#fail(new SextantError('cancelled', 'The encoder was closed.'));
    await this.#worker.terminate();
  }

  #settle(reply: WorkerReply<Result>): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0) this.#worker.unref();
    if ('error' in reply) pending?.reject(deserializeError(reply.error));
    else pending?.resolve(reply.result);
  }

  #fail(error: SextantError): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#failure);
    this.#pending.clear();
  }
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
