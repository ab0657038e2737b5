import { createHash } from 'node:crypto';
import type { IndexedChunk, IndexedFile } from '../../src/engine/store/fileWriter.ts';
import { countTerms } from '../../src/engine/store/termPostings.ts';
import { codeTokens } from '../../src/engine/text/codeTokens.ts';
import type { SymbolKind } from '../../src/shared/search.ts';

export interface SimpleChunk {
  readonly name: string;
  readonly text: string;
  readonly kind?: SymbolKind;
  readonly doc?: string;
}

export function hashOf(text: string): Buffer {
  return createHash('sha256').update(text).digest().subarray(0, 16);
}

function indexedChunk(
  path: string,
  { name, text, kind = 'function', doc = '' }: SimpleChunk,
  line: number,
): IndexedChunk {
  const lines = text.split('\n').length;
  return {
    chunk: {
      kind,
      name,
      symbol: name,
      signature: text.split('\n')[0] ?? '',
      doc,
      startLine: line,
      endLine: line + lines - 1,
      startOffset: 0,
      endOffset: text.length,
      text,
      definition: true,
    },
    terms: countTerms({
      path: codeTokens(path),
      symbol: codeTokens(name),
      signature: [],
      doc: codeTokens(doc),
      body: codeTokens(text),
    }),
    textHash: hashOf(text),
  };
}

/** A file as the indexer would hand it to the store, made from a few chunks one below the other. */
export function indexedFile(
  path: string,
  chunks: readonly SimpleChunk[],
  options: Partial<IndexedFile> = {},
): IndexedFile {
  let line = 1;
  const indexed = chunks.map((chunk) => {
    const made = indexedChunk(path, chunk, line);
    line = made.chunk.endLine + 1;
    return made;
  });
  return {
    path,
    size: 100,
    mtimeMs: 1000,
    contentHash: hashOf(chunks.map(({ text }) => text).join('\n')).toString('hex'),
    language: path.endsWith('.md') ? 'markdown' : 'typescript',
    scope: path.endsWith('.md') ? 'docs' : 'code',
    chunks: indexed,
    symbols: indexed.map(({ chunk }) => ({ name: chunk.name, kind: chunk.kind, line: chunk.startLine })),
    ...options,
  };
}
