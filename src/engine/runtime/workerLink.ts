import { Worker, type Transferable } from 'node:worker_threads';
import { deserializeError, SextantError, type SerializedError } from '../../shared/errors.ts';
import { turnTelemetryOff } from './ortTelemetry.ts';

/** What a worker answers to a request of the same id. */
export type WorkerReply<Result> =
  { readonly id: number; readonly result: Result } | { readonly id: number; readonly error: SerializedError };

/** What a worker of a `WorkerLink` is started with. */
export interface WorkerData<Settings> {
  readonly settings: Settings;
  readonly busy: Int32Array<SharedArrayBuffer>;
}

const longestWaitMs = 10_000;

/** Asks a worker to end once it has answered what came before. */
export const closeMessage = 'close';

interface Pending<Result> {
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Requests and replies with a worker thread. One that ends unasked, out of memory say, rejects what is under way with
 * `runtime_unavailable`; the next request starts another.
 */
export class WorkerLink<Request, Result> {
  readonly #start: () => WorkerThread<Request, Result>;
  #thread: WorkerThread<Request, Result>;
  #closed = false;

  constructor(entry: string, settings: unknown, name: string) {
    this.#start = () => new WorkerThread(entry, settings, name);
    this.#thread = this.#start();
  }

  request(request: Request, transfer: readonly Transferable[] = []): Promise<Result> {
    if (this.#thread.gone && !this.#closed) this.#thread = this.#start();
    return this.#thread.request(request, transfer);
  }

  /** Rejects what is under way and everything after it; settles when the thread is gone. */
  dispose(): Promise<void> {
    this.#closed = true;
    return this.#thread.dispose();
  }
}

/** One thread. Once it is gone, every request rejects. */
class WorkerThread<Request, Result> {
  readonly #worker: Worker;
  readonly #name: string;
  readonly #pending = new Map<number, Pending<Result>>();
  /** Settles when the thread is gone. */
  readonly #exit = Promise.withResolvers<undefined>();
  #failure: SextantError | undefined;
  #nextId = 1;
  /** Requests sent and not finished; counted here when sent, so that none is overlooked on its way. */
  readonly #busy = new Int32Array(new SharedArrayBuffer(4));
  /** The process may not end under native code either (see {@link WorkerThread.dispose}): a batch at most is waited for. */
  readonly #awaitNative = (): void => {
    const deadline = performance.now() + longestWaitMs;
    for (let left = longestWaitMs; left > 0; left = deadline - performance.now()) {
      const count = Atomics.load(this.#busy, 0);
      if (count === 0) return;
      Atomics.wait(this.#busy, 0, count, left);
    }
  };

  constructor(entry: string, settings: unknown, name: string) {
    const workerData: WorkerData<unknown> = { settings, busy: this.#busy };
    this.#name = name;
    turnTelemetryOff();
    this.#worker = new Worker(entry, { workerData, name, execArgv: [] });
    process.on('exit', this.#awaitNative);
    this.#worker.on('message', (reply: WorkerReply<Result>) => this.#settle(reply));
    let failure = new SextantError('runtime_unavailable', `A ${name} thread has stopped.`);
    this.#worker.on('error', (cause) => {
      const why = cause instanceof Error ? cause.message : String(cause);
      failure = new SextantError('runtime_unavailable', `A ${name} thread failed: ${why}`, { cause });
    });
    // An error may overtake the thread's last answers; the exit that follows it comes after them.
    this.#worker.on('exit', () => {
      process.off('exit', this.#awaitNative);
      this.#fail(failure);
      this.#exit.resolve(undefined);
    });
    this.#worker.unref();
  }

  get gone(): boolean {
    return this.#failure !== undefined;
  }

  request(request: Request, transfer: readonly Transferable[]): Promise<Result> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      Atomics.add(this.#busy, 0, 1);
      try {
        this.#worker.postMessage({ id, request }, transfer);
      } catch (error) {
        Atomics.sub(this.#busy, 0, 1);
        throw error;
      }
      this.#pending.set(id, { resolve, reject });
      // The thread keeps the process alive only while somebody waits for it.
      this.#worker.ref();
    });
  }

  /**
   * Rejects what is under way and lets the thread end by itself, after the request it is working on: native code that
   * returns into a thread that was terminated meanwhile takes the whole process down.
   */
  async dispose(): Promise<void> {
    this.#fail(new SextantError('cancelled', `The ${this.#name} thread was closed.`));
    this.#worker.ref();
    this.#worker.postMessage(closeMessage);
    await this.#exit.promise;
  }

  #settle(reply: WorkerReply<Result>): void {
    const pending = this.#pending.get(reply.id);
    this.#pending.delete(reply.id);
    if (this.#pending.size === 0 && this.#failure === undefined) this.#worker.unref();
    if ('error' in reply) pending?.reject(deserializeError(reply.error));
    else pending?.resolve(reply.result);
  }

  #fail(error: SextantError): void {
    this.#failure ??= error;
    for (const pending of this.#pending.values()) pending.reject(this.#failure);
    this.#pending.clear();
  }
}
