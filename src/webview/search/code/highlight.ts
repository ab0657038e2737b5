import type { Token, TokenKind } from './tokenize.ts';

export interface Range {
  readonly start: number;
  readonly end: number;
}

/** A stretch of a line that is drawn in one way. */
export interface Segment {
  readonly text: string;
  readonly kind: TokenKind | null;
  readonly matched: boolean;
}

const isLower = (c: string) => c !== c.toUpperCase();
const isUpper = (c: string) => c !== c.toLowerCase();
const isAlphanumeric = (c: string) => /[\p{L}\p{N}]/u.test(c);

/** Whether a word part ends between two characters: `user|Id`, `user|_id`, `id|,`; but not inside `wi|dth`. */
function isBoundary(before: string | undefined, after: string | undefined): boolean {
  if (before === undefined || after === undefined) return true;
  if (!isAlphanumeric(before) || !isAlphanumeric(after)) return true;
  return isLower(before) && isUpper(after);
}

/**
 * Where the matched words stand in a text, regardless of case, as whole words or whole parts of an identifier.
 * @returns ranges in order, without overlap
 */
export function matchRanges(text: string, matches: readonly string[]): Range[] {
  const lower = text.toLowerCase();
  // Lower-casing may change lengths (İ); then positions no longer agree and nothing is marked.
  if (lower.length !== text.length) return [];
  const found: Range[] = [];
  for (const match of new Set(matches.map((word) => word.toLowerCase()))) {
    if (match === '') continue;
    for (let at = lower.indexOf(match); at >= 0; at = lower.indexOf(match, at + match.length)) {
      const end = at + match.length;
      if (isBoundary(text[at - 1], text[at]) && isBoundary(text[end - 1], text[end])) found.push({ start: at, end });
    }
  }
  return merged(found);
}

function merged(ranges: Range[]): Range[] {
  const result: Range[] = [];
  for (const range of ranges.sort((a, b) => a.start - b.start || b.end - a.end)) {
    const last = result.at(-1);
    if (last !== undefined && range.start < last.end) {
      result[result.length - 1] = { start: last.start, end: Math.max(last.end, range.end) };
    } else result.push(range);
  }
  return result;
}

/** Cuts `[start, end)` of a text at the borders of tokens and matches. */
export function segments(text: string, line: Range, tokens: readonly Token[], matches: readonly Range[]): Segment[] {
  const cuts = new Set([line.start, line.end]);
  for (const { start, end } of [...tokens, ...matches]) {
    if (start > line.start && start < line.end) cuts.add(start);
    if (end > line.start && end < line.end) cuts.add(end);
  }
  const borders = [...cuts].sort((a, b) => a - b);
  return borders.slice(0, -1).map((start, index) => {
    const covers = (range: Range) => range.start <= start && start < range.end;
    return {
      text: text.slice(start, borders[index + 1]),
      kind: tokens.find(covers)?.kind ?? null,
      matched: matches.some(covers),
    };
  });
}
