import type { Chunk } from '../chunk/chunk.ts';
import { countTerms, type TermCounts } from '../store/termPostings.ts';
import { codeTokens } from '../text/codeTokens.ts';

/** Index terms of a text that may be empty. */
export function termsOf(text: string): readonly string[] {
  return text === '' ? [] : codeTokens(text);
}

/** What a chunk is found by; `pathTerms` are those of its file's path. */
export function chunkTerms(
  chunk: Pick<Chunk, 'symbol' | 'signature' | 'doc' | 'text'>,
  pathTerms: readonly string[],
): TermCounts {
  return countTerms({
    path: pathTerms,
    symbol: termsOf(chunk.symbol),
    signature: termsOf(chunk.signature),
    doc: termsOf(chunk.doc),
    body: termsOf(chunk.text),
  });
}
