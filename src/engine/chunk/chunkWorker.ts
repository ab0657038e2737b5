import { parentPort } from 'node:worker_threads';
import { chunkFile, type SourceText } from './chunkFile.ts';
import type { ChunkedFile } from './chunk.ts';

/** What the pool sends and what comes back. */
export interface ChunkRequest extends SourceText {
  readonly id: number;
}
export type ChunkReply =
  /** The thread is up and takes the file: its time runs from here. */
  | { readonly id: number; readonly started: true }
  | { readonly id: number; readonly result: ChunkedFile }
  | { readonly id: number; readonly failed: string };

/** Files come ahead of the answers; one at a time keeps each within its own time limit. */
let last = Promise.resolve();
parentPort?.on('message', (request: ChunkRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: ChunkRequest): Promise<void> {
  parentPort?.postMessage({ id: request.id, started: true } satisfies ChunkReply);
  try {
    const result = await chunkFile(request);
    parentPort?.postMessage({ id: request.id, result } satisfies ChunkReply);
  } catch (error) {
    // A trap may have left the parser's memory broken: the pool replaces this thread.
    const failed = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id: request.id, failed } satisfies ChunkReply);
  }
}
