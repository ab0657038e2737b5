import { parentPort } from 'node:worker_threads';
import { serializeError } from '../../shared/errors.ts';
import type { WorkerReply } from './workerLink.ts';

/** What a handler makes of one request. */
export interface Handled<Result> {
  readonly result: Result;
  /** Buffers that go to the other side instead of being copied. */
  readonly transfer: readonly ArrayBuffer[];
}

/** The worker's side of a `WorkerLink`: answers requests one after another, in the order they came. */
export function serveRequests(handle: (request: never) => Promise<Handled<unknown>>): void {
  const port = parentPort;
  if (port === null) throw new Error('This file runs as a worker thread.');
  let last = Promise.resolve();
  port.on('message', ({ id, request }: { id: number; request: never }) => {
    last = last.then(async () => {
      try {
        const { result, transfer } = await handle(request);
        port.postMessage({ id, result } satisfies WorkerReply<unknown>, transfer);
      } catch (error) {
        port.postMessage({ id, error: serializeError(error) } satisfies WorkerReply<unknown>);
      }
    });
  });
}
