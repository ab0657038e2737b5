import { parentPort, workerData } from 'node:worker_threads';
import { serializeError } from '../../shared/errors.ts';
import { closeMessage, type WorkerData, type WorkerReply } from './workerLink.ts';

/** What a handler makes of one request. */
export interface Handled<Result> {
  readonly result: Result;
  /** Buffers that go to the other side instead of being copied. */
  readonly transfer: readonly ArrayBuffer[];
}

/**
 * The worker's side of a `WorkerLink`: answers requests one after another, in the order they came, and ends when asked
 * to, after `close`.
 */
export function serveRequests(
  handle: (request: never) => Promise<Handled<unknown>>,
  close: () => Promise<void> = () => Promise.resolve(),
): void {
  const port = parentPort;
  if (port === null) throw new Error('This file runs as a worker thread.');
  let last = Promise.resolve();
  const { busy } = workerData as WorkerData<unknown>;
  let closing = false;
  port.on('message', (message: typeof closeMessage | { readonly id: number; readonly request: never }) => {
    if (message === closeMessage) {
      closing = true;
      // What cannot be closed goes with the thread.
      last = last
        .then(close)
        .catch(() => undefined)
        .finally(() => port.close());
      return;
    }
    const { id, request } = message;
    last = last.then(async () => {
      try {
        // Nobody waits for what was asked before the end.
        if (closing) return;
        const { result, transfer } = await handle(request);
        port.postMessage({ id, result } satisfies WorkerReply<unknown>, transfer);
      } catch (error) {
        port.postMessage({ id, error: serializeError(error) } satisfies WorkerReply<unknown>);
      } finally {
        Atomics.sub(busy, 0, 1);
        Atomics.notify(busy, 0);
      }
    });
  });
}
