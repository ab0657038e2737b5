import { existsSync, writeFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import { chunkFile } from '../../../../../src/engine/chunk/chunkFile.ts';
import { embeddingText } from '../../../../../src/engine/chunk/embeddingText.ts';
import { analyseFile } from '../../../../../src/engine/index/analyseFile.ts';
import type { ChunkRequest } from '../../../../../src/engine/index/chunkWorker.ts';

/**
 * A chunk thread that does what the text of the file tells it: everything a broken parser might. The grammar is loaded before the first file
 * is taken, so that its time limit is for the fault alone.
 */
let last: Promise<void> = chunkFile({ path: 'warm.ts', text: 'export const warm = 1;\n' }).then(() => undefined);
parentPort?.on('message', (request: ChunkRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: ChunkRequest): Promise<void> {
  const { id, text } = request;
  parentPort?.postMessage({ id, started: true });
  const marker = /HANG UNLESS (.+)/.exec(text)?.[1];
  const first = marker !== undefined && !existsSync(marker);
  if (first) writeFileSync(marker, '');
  if (first || (marker === undefined && text.includes('HANG'))) for (;;);
  if (text.includes('EXIT')) process.exit(3);
  if (text.includes('THROW')) throw new Error('out of bounds');
  if (text.includes('FAIL')) parentPort?.postMessage({ id, failed: 'memory access out of bounds' });
  else parentPort?.postMessage({ id, result: analyseFile(request.path, await chunkFile(request), embeddingText) });
}
