import { parentPort } from 'node:worker_threads';
import { chunkFile } from '../../../../../src/engine/chunk/chunkFile.ts';
import type { ChunkRequest } from '../../../../../src/engine/chunk/chunkWorker.ts';

/** A chunk thread that does what the text of the file tells it: everything a broken parser might. */
let last = Promise.resolve();
parentPort?.on('message', (request: ChunkRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: ChunkRequest): Promise<void> {
  const { id, text } = request;
  parentPort?.postMessage({ id, started: true });
  if (text.includes('HANG')) for (;;);
  if (text.includes('EXIT')) process.exit(3);
  if (text.includes('THROW')) throw new Error('out of bounds');
  if (text.includes('FAIL')) parentPort?.postMessage({ id, failed: 'memory access out of bounds' });
  else parentPort?.postMessage({ id, result: await chunkFile(request) });
}
