import type { Chunk } from '../chunk/chunk.ts';
import type { ChunkTerms } from '../store/termPostings.ts';

/** Index terms of a text; see `text/codeTokens.ts`. */
export type Tokenizer = (text: string) => string[];

/** Index terms of a text that may be empty. */
export function termsOf(text: string, codeTokens: Tokenizer): readonly string[] {
  return text === '' ? [] : codeTokens(text);
}

/** What a chunk is found by; `pathTerms` are those of its file's path. */
export function chunkTerms(
  chunk: Pick<Chunk, 'symbol' | 'signature' | 'doc' | 'text'>,
  pathTerms: readonly string[],
  codeTokens: Tokenizer,
): ChunkTerms {
  return {
    path: pathTerms,
    symbol: termsOf(chunk.symbol, codeTokens),
    signature: termsOf(chunk.signature, codeTokens),
    doc: termsOf(chunk.doc, codeTokens),
    body: termsOf(chunk.text, codeTokens),
  };
}
