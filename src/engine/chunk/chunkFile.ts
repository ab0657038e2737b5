import { detectLanguage, type Language } from '../workspace/language.ts';
import { buildChunks } from './buildChunks.ts';
import type { ChunkedFile } from './chunk.ts';
import { LineTable } from './lineTable.ts';
import { mergePieces } from './mergePieces.ts';
import { chunkNotebook } from './notebook.ts';
import type { Outline } from './outline.ts';
import { partition } from './partition.ts';
import { parseOutline } from './syntax/parseOutline.ts';
import { syntaxOf } from './syntax/syntaxTables.ts';
import { embeddedOutline, embeddingLanguages } from './text/embeddedOutline.ts';
import { lineOutline } from './text/lineOutline.ts';
import { textOutline } from './text/textOutline.ts';

export interface SourceText {
  /** Relative to the root; only its name matters here. */
  readonly path: string;
  readonly text: string;
}

type Degradation = NonNullable<ChunkedFile['degraded']>;

/** Milliseconds a parse may take in its own thread before the file is cut by lines. */
const parseBudgetMs = 1500;

/** Cuts a file into chunks along its syntax, or by lines where there is none or the parser gives up. */
export async function chunkFile({ path, text }: SourceText): Promise<ChunkedFile> {
  const lines = new LineTable(text);
  const language = detectLanguage(path, lines.line(0));
  if (language.id === 'jupyter') return (await chunkNotebook(lines, chunkFile)) ?? chunkByLines({ path, text });
  const syntax = syntaxOf(language.id);
  if (!syntax && !embeddingLanguages.has(language.id)) return assemble(language, textOutline(language, lines), lines);
  const outline = await (syntax
    ? parseOutline(syntax, lines, parseBudgetMs)
    : embeddedOutline(language.id, lines, parseBudgetMs));
  if (typeof outline === 'string') return assemble(language, lineOutline(lines), lines, outline);
  return assemble(language, outline, lines);
}

/** Cuts a file into windows of lines, without a parser: for files that broke it, which `degraded` then says. */
export function chunkByLines({ path, text }: SourceText, degraded?: Degradation): ChunkedFile {
  const lines = new LineTable(text);
  return assemble(detectLanguage(path, lines.line(0)), lineOutline(lines), lines, degraded);
}

function assemble(language: Language, outline: Outline, lines: LineTable, degraded?: Degradation): ChunkedFile {
  return {
    language: language.id,
    scope: language.scope,
    chunks: buildChunks(mergePieces(partition(outline, lines), lines), lines),
    symbols: outline.symbols,
    ...(degraded ? { degraded } : {}),
  };
}
