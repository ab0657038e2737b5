import { parentPort } from 'node:worker_threads';
import { chunkFile, type SourceText } from '../chunk/chunkFile.ts';
import { embeddingText } from '../chunk/embeddingText.ts';
import { analyseFile, transferOf, type AnalysedFile } from './analyseFile.ts';

/** What the pool sends and what comes back. */
export interface ChunkRequest extends SourceText {
  readonly id: number;
}
export type ChunkReply =
  /** The thread is up and takes the file, or has cut it: its time runs from here. */
  | { readonly id: number; readonly started: true }
  | { readonly id: number; readonly result: AnalysedFile }
  | { readonly id: number; readonly failed: string };

/** Files come ahead of the answers; one at a time keeps each within its own time limit. */
let last = Promise.resolve();
parentPort?.on('message', (request: ChunkRequest) => {
  last = last.then(() => answer(request));
});

async function answer(request: ChunkRequest): Promise<void> {
  parentPort?.postMessage({ id: request.id, started: true } satisfies ChunkReply);
  try {
    const file = await chunkFile(request);
    // A parser may take most of the time there is and still come to a good end.
    parentPort?.postMessage({ id: request.id, started: true } satisfies ChunkReply);
    const result = analyseFile(request.path, file, embeddingText);
    parentPort?.postMessage({ id: request.id, result } satisfies ChunkReply, transferOf(result));
  } catch (error) {
    // A trap may have left the parser's memory broken: the pool replaces this thread.
    const failed = error instanceof Error ? error.message : String(error);
    parentPort?.postMessage({ id: request.id, failed } satisfies ChunkReply);
  }
}
