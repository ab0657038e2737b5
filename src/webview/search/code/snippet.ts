import type { Range } from './highlight.ts';

/** One line of a chunk that is worth showing. */
export interface SnippetLine extends Range {
  /** 1-based line in the file. */
  readonly number: number;
  /** True when lines that say something were left out above it. */
  readonly gap: boolean;
}

/** Lines are cut here: a minified line would otherwise cost more than all the rest. */
export const maxLineLength = 400;

function linesOf(text: string): Range[] {
  const lines: Range[] = [];
  for (let start = 0; start <= text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const trimmed = text[end - 1] === '\r' ? end - 1 : end;
    lines.push({ start, end: Math.min(Math.max(start, trimmed), start + maxLineLength) });
    if (newline < 0) break;
    start = newline + 1;
  }
  return lines;
}

/** Spaces that all non-blank lines share; tabs count as one. */
function sharedIndent(text: string, lines: readonly Range[]): number {
  let shared = Infinity;
  for (const { start, end } of lines) {
    const line = text.slice(start, end);
    if (line.trim() !== '') shared = Math.min(shared, line.length - line.trimStart().length);
  }
  return Number.isFinite(shared) ? shared : 0;
}

/** Punctuation alone, such as a closing brace or the border of a comment, tells nobody anything. */
function isTelling(line: string): boolean {
  return /[\p{L}\p{N}]/u.test(line);
}

function distinct(text: string, line: Range, matches: readonly Range[]): number {
  const inside = matches.filter((match) => match.start >= line.start && match.end <= line.end);
  return new Set(inside.map((match) => text.slice(match.start, match.end).toLowerCase())).size;
}

/**
 * The lines of a chunk that say most about why it was found: the line that declares it, and those with the most
 * different matched words; without any, its first lines.
 * @param declaration what the declaring line contains, such as the last part of the symbol's name; may be empty
 * @param limit lines to show at most
 */
export function snippet(
  text: string,
  firstLine: number,
  matches: readonly Range[],
  declaration: string,
  limit: number,
): SnippetLine[] {
  const lines = linesOf(text);
  const scored = lines.map((line, index) => ({ line, index, content: text.slice(line.start, line.end) }));
  const telling = scored.filter(({ content }) => isTelling(content));
  const declaring = declaration === '' ? undefined : telling.find(({ content }) => content.includes(declaration));
  const score = (entry: (typeof scored)[number]) =>
    distinct(text, entry.line, matches) + (entry.index === declaring?.index ? 100 : 0);
  const after = declaring?.index ?? 0;
  const distance = (index: number) => (index >= after ? index - after : after - index + 0.5);
  const best = telling.toSorted((a, b) => score(b) - score(a) || distance(a.index) - distance(b.index)).slice(0, limit);
  const skipped = (from: number, to: number) => telling.some(({ index }) => index > from && index < to);
  return dressed(
    text,
    firstLine,
    best.sort((a, b) => a.index - b.index),
    skipped,
  );
}

/** The first `limit` lines of a chunk as they stand. */
export function wholeSnippet(text: string, firstLine: number, limit: number): SnippetLine[] {
  const lines = linesOf(text.trimEnd()).slice(0, limit);
  return dressed(
    text,
    firstLine,
    lines.map((line, index) => ({ line, index })),
    () => false,
  );
}

function dressed(
  text: string,
  firstLine: number,
  chosen: readonly { readonly line: Range; readonly index: number }[],
  skipped: (from: number, to: number) => boolean,
): SnippetLine[] {
  const indent = sharedIndent(
    text,
    chosen.map(({ line }) => line),
  );
  return chosen.map(({ line, index }, position) => ({
    start: Math.min(line.start + indent, line.end),
    end: line.end,
    number: firstLine + index,
    gap: position > 0 && skipped(chosen[position - 1]!.index, index),
  }));
}
