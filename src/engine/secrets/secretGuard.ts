import type { ChunkRow } from '../store/searchIndex.ts';
import { withheldChunks } from './scanSecrets.ts';

/** What the guard needs of a store. */
export interface ChunkSource {
  chunks(chunkIds: readonly number[]): ChunkRow[];
  chunksOfFile(fileId: number): ChunkRow[];
}

/**
 * Which of these chunks must stay on this machine, seen with all of their file around them: a key may begin in one chunk and end
 * in another. A chunk that the store no longer has is not among them; it has no text either.
 */
export function withheldAmong(source: ChunkSource, chunkIds: readonly number[]): Set<number> {
  const withheld = new Set<number>();
  const files = new Set(source.chunks(chunkIds).map(({ fileId }) => fileId));
  for (const fileId of files) {
    const rows = source.chunksOfFile(fileId);
    const [first] = rows;
    if (first === undefined) continue;
    const texts = rows.map(({ text }) => text);
    for (const place of withheldChunks(first.path, texts)) withheld.add(rows[place]!.chunkId);
  }
  return withheld;
}
