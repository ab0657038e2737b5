import { memo } from './memo.ts';
import { stem } from './stem.ts';

/** Parts longer than this are cut: base64 and hashes would fill the index with words nobody types. */
const longestPart = 40;
/** Words longer than this are cut before they are split. */
const longestWord = 160;
/** Words whose terms are remembered. */
const memoSize = 20_000;

/** Letters, digits and underscores, single hyphens between them allowed (`content-type`). */
const words = /[\p{L}\p{N}\p{M}_]+(?:-[\p{L}\p{N}\p{M}_]+)*/gu;
const nonAscii = /[^\0-\x7f]/;
const marks = /\p{M}+/gu;
/** Scripts written without spaces; they are indexed by pairs of characters. */
const spaceless = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]+/u;
/** The parts of an identifier: `URLs`, `HTTP|Server`, `get|Name`, `sha|256`. */
const parts = /\p{Lu}{2,}s(?!\p{Ll})|\p{Lu}+(?!\p{Ll})|\p{Lu}?[\p{Ll}\p{Lm}\p{Lo}\p{Lt}]+|\p{N}+/gu;
const oneAsciiCharacter = /^[a-z0-9]$/i;
const oneLetter = /^[a-z]$/i;

function bigrams(run: string): string[] {
  const characters = Array.from(run);
  if (characters.length < 2) return characters;
  return characters.slice(1).map((character, index) => characters[index]! + character);
}

function normalisePart(part: string): string {
  return stem(part.slice(0, longestPart).toLowerCase());
}

function identifierTerms(pieces: readonly string[]): string[] {
  const terms: string[] = [];
  for (const [index, piece] of pieces.entries()) {
    const next = pieces[index + 1];
    if (!oneAsciiCharacter.test(piece)) terms.push(normalisePart(piece));
    // `OAuth2Client` must be found by `oauth`, `iOS` by `ios`.
    else if (next !== undefined && pieces.length > 2 && oneLetter.test(piece)) terms.push(normalisePart(piece + next));
  }
  if (pieces.length > 1) terms.push(normalisePart(pieces.join('')));
  return terms;
}

function split(word: string): string[] {
  const cut = word.slice(0, longestWord);
  const plain = nonAscii.test(cut) ? cut.normalize('NFKD').replace(marks, '') : cut;
  const terms: string[] = [];
  let pieces: string[] = [];
  for (const piece of plain.match(parts) ?? []) {
    if (!spaceless.test(piece)) {
      pieces.push(piece);
      continue;
    }
    terms.push(...identifierTerms(pieces), ...bigrams(piece));
    pieces = [];
  }
  terms.push(...identifierTerms(pieces));
  return terms;
}

const termsOf = memo<readonly string[]>(memoSize, split);

/**
 * The index terms of code or prose, in order and with repetitions: lower-case, accents removed, camelCase, PascalCase,
 * snake_case, kebab-case and digits split, lightly stemmed; an identifier of several parts also yields all of them joined, so
 * that `readFile`, `read_file` and `read-file` share the term `readfile`. Terms hold letters and digits only. Single ASCII
 * characters are left out.
 */
export function codeTokens(text: string): string[] {
  const terms: string[] = [];
  for (const word of text.match(words) ?? []) {
    for (const term of termsOf(word)) terms.push(term);
  }
  return terms;
}
