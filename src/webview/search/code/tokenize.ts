import { isProse, syntaxOf, type Syntax } from './languages.ts';

export type TokenKind = 'comment' | 'string' | 'keyword' | 'number';

/** A coloured stretch of a text, in UTF-16 units; what lies between tokens is plain. */
export interface Token {
  readonly start: number;
  readonly end: number;
  readonly kind: TokenKind;
}

/** Longer texts stay plain beyond this many units: a preview never shows so much. */
export const maxTokenizedLength = 60_000;

const word = /[\p{L}_$][\p{L}\p{N}_$?]*/uy;
const numeral = /(?:0[xX][\da-fA-F_]+|0[bB][01_]+|\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?)[a-zA-Z]*/y;

function endOfLine(text: string, from: number): number {
  const at = text.indexOf('\n', from);
  return at < 0 ? text.length : at;
}

function endOfString(text: string, from: number, quote: string, multiline: boolean): number {
  const close = quote === '[[' ? ']]' : quote;
  for (let at = from + quote.length; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text.startsWith(close, at)) return at + close.length;
    else if (text[at] === '\n' && !multiline) return at;
  }
  return text.length;
}

function matchAt(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(text) ? pattern.lastIndex : at;
}

/** The comment or string that begins at `at`, or null. */
function delimited(text: string, at: number, syntax: Syntax): Token | null {
  const block = syntax.blockComments.find(([open]) => text.startsWith(open, at));
  if (block !== undefined) {
    const close = text.indexOf(block[1], at + block[0].length);
    return { start: at, end: close < 0 ? text.length : close + block[1].length, kind: 'comment' };
  }
  if (syntax.lineComments.some((mark) => text.startsWith(mark, at))) {
    return { start: at, end: endOfLine(text, at), kind: 'comment' };
  }
  const quote = syntax.strings.find((mark) => text.startsWith(mark, at));
  if (quote === undefined) return null;
  const multiline = quote.length > 1 || syntax.multiline.includes(quote);
  return { start: at, end: endOfString(text, at, quote, multiline), kind: 'string' };
}

/** The rest of a block comment whose beginning was cut off, as in a chunk that starts in the middle of one. */
function cutComment(text: string, syntax: Syntax): number {
  for (const [open, close] of syntax.blockComments) {
    const end = text.indexOf(close);
    if (end >= 0 && !text.slice(0, end).includes(open) && /^\s*\*/.test(text)) return end + close.length;
  }
  return 0;
}

/**
 * Comments, strings, keywords and numbers of a piece of code, in order and without overlap. It is a preview, not a
 * parser: it never fails, and at worst colours a word wrongly.
 */
export function tokenize(text: string, language: string): Token[] {
  const syntax = syntaxOf(language);
  const tokens: Token[] = [];
  const limit = Math.min(text.length, maxTokenizedLength);
  let at = cutComment(text, syntax);
  if (at > 0) tokens.push({ start: 0, end: at, kind: 'comment' });
  while (at < limit) {
    const token = delimited(text, at, syntax);
    if (token !== null) {
      tokens.push(token);
      at = token.end;
      continue;
    }
    const wordEnd = matchAt(word, text, at);
    if (wordEnd > at) {
      const found = text.slice(at, wordEnd);
      if (syntax.keywords.has(syntax.caseless ? found.toLowerCase() : found)) {
        tokens.push({ start: at, end: wordEnd, kind: 'keyword' });
      }
      at = wordEnd;
      continue;
    }
    const numberEnd = isProse(language) ? at : matchAt(numeral, text, at);
    if (numberEnd > at) tokens.push({ start: at, end: numberEnd, kind: 'number' });
    at = Math.max(numberEnd, at + 1);
  }
  return tokens;
}
