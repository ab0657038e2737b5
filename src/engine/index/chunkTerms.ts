import type { Chunk } from '../chunk/chunk.ts';
import { countTerms, type TermCounts } from '../store/termPostings.ts';
import { codeTokens } from '../text/codeTokens.ts';

/** What a chunk is found by; `pathTerms` are those of its file's path. */
export function chunkTerms(
  chunk: Pick<Chunk, 'symbol' | 'signature' | 'doc' | 'text'>,
  pathTerms: readonly string[],
): TermCounts {
  return countTerms({
    path: pathTerms,
    symbol: codeTokens(chunk.symbol),
    signature: codeTokens(chunk.signature),
    doc: codeTokens(chunk.doc),
    body: codeTokens(chunk.text),
  });
}
