/** A hub with one model in a thread of its own: says its address, and on any message what it was asked for. */
import type { TestContext } from 'node:test';
import { parentPort } from 'node:worker_threads';
import { testHub } from '../../support/hubServer.ts';
import { tinyModelFiles } from '../../support/tinyModel.ts';

// The thread's end is the server's end.
const untilTerminated = { after: () => undefined } as unknown as TestContext;
const hub = await testHub(untilTerminated, [
  { repository: 'acme/tiny-embed', files: tinyModelFiles(), license: 'mit' },
]);
parentPort!.on('message', () => parentPort!.postMessage(hub.seen.map(({ path }) => path)));
parentPort!.postMessage(hub.address);
