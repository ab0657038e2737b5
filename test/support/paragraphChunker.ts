import type { Chunk } from '../../src/engine/chunk/chunk.ts';
import { analyseFile, type AnalysedFile } from '../../src/engine/index/analyseFile.ts';
import type { Chunker } from '../../src/engine/index/indexerOptions.ts';

function paragraphs(text: string): { start: number; end: number }[] {
  return [...text.matchAll(/(?:[^\n]+\n?)+/g)].map(({ index, 0: match }) => ({
    start: index,
    end: index + match.length,
  }));
}

/** Cuts a file at its empty lines; a paragraph `function NAME…` or `# NAME` defines NAME. Counts the files it was given. */
export class ParagraphChunker implements Chunker {
  readonly chunked: string[] = [];
  /** A path that contains this makes it throw. */
  readonly #poison: string | undefined;

  constructor(poison?: string) {
    this.#poison = poison;
  }

  chunk(path: string, text: string): Promise<AnalysedFile> {
    this.chunked.push(path);
    if (this.#poison !== undefined && path.includes(this.#poison))
      return Promise.reject(new Error('The parser broke.'));
    const lineAt = (offset: number): number => text.slice(0, offset).split('\n').length;
    const chunks = paragraphs(text).map(({ start, end }): Chunk => {
      const body = text.slice(start, end);
      const name = /^(?:function|#)\s*(\w+)/.exec(body)?.[1] ?? '';
      return {
        kind: name === '' ? 'block' : 'function',
        name,
        symbol: name,
        signature: '',
        doc: '',
        startLine: lineAt(start),
        endLine: lineAt(Math.max(start, end - 2)),
        startOffset: start,
        endOffset: end,
        text: body,
        definition: name !== '',
      };
    });
    const docs = path.endsWith('.md');
    const language = docs ? 'markdown' : 'typescript';
    const symbols = chunks
      .filter(({ name }) => name !== '')
      .map(({ name, kind, startLine }) => ({ name, kind, line: startLine }));
    const file = { language, scope: docs ? 'docs' : 'code', chunks, symbols } as const;
    return Promise.resolve(analyseFile(path, file, paragraphText));
  }
}

/** What the tests embed of a chunk. */
export function paragraphText(path: string, chunk: Chunk): string {
  return `${path}\n${chunk.symbol}\n${chunk.text}`;
}
