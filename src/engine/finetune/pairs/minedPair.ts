import type { PairSource, QueryPair } from '../../../shared/finetune.ts';
import { embeddingText } from '../../chunk/embeddingText.ts';
import type { Chunk } from '../../chunk/chunk.ts';
import type { ChunkRow } from '../../store/searchIndex.ts';

/** A pair with the chunk that it was made for. */
export interface MinedPair extends QueryPair {
  readonly chunkId: number;
  /** Chunks that would answer because the query was made from them, and so must not count as found. */
  readonly origin?: { readonly path: string; readonly startLine: number };
}

/** What is embedded for a stored chunk. */
export function documentText(chunk: ChunkRow): string {
  // The text to embed depends on neither offset.
  const whole: Chunk = { ...chunk, startOffset: 0, endOffset: chunk.text.length };
  return embeddingText(chunk.path, whole);
}

/** A pair whose context is what the index embeds for `chunk`, unless another text is given. */
export function pairFor(
  chunk: ChunkRow,
  source: PairSource,
  query: string,
  extra: Partial<Pick<MinedPair, 'context' | 'date' | 'origin'>> = {},
): MinedPair {
  const { path, startLine, endLine, chunkId } = chunk;
  return { query, path, startLine, endLine, context: documentText(chunk), source, chunkId, ...extra };
}
