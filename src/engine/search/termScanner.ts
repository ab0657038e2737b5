import { codeTokens } from '../text/codeTokens.ts';

const wordCharacter = /[\p{L}\p{N}\p{M}_-]/u;
const regexSyntax = /[.*+?^${}()|[\]\\]/g;

export interface ScannedText {
  /** Indexes into the scanner's terms. */
  readonly terms: ReadonlySet<number>;
  /** The words that matched, as they stand in the text, in order of appearance. */
  readonly words: readonly string[];
}

function isWordCode(code: number): boolean {
  if (code < 128) {
    return (
      (code >= 97 && code <= 122) ||
      (code >= 65 && code <= 90) ||
      (code >= 48 && code <= 57) ||
      code === 95 ||
      code === 45
    );
  }
  return wordCharacter.test(String.fromCharCode(code));
}

/**
 * Finds which of the query's terms a text holds, without cutting all of the text into terms: one regular expression finds
 * the stems, and only the words around them are cut.
 */
export class TermScanner {
  readonly #stems: RegExp | undefined;
  readonly #indexes: ReadonlyMap<string, number>;
  readonly #memo = new Map<string, readonly number[]>();

  /** Terms as `codeTokens` makes them; of joined ones the parts must be among the terms to be found. */
  constructor(terms: readonly string[]) {
    this.#indexes = new Map(terms.map((term, index) => [term, index]));
    const stems = terms.map((term) => term.replace(/(?<=..)[iy]$/, '').replace(regexSyntax, '\\$&'));
    this.#stems = stems.length === 0 ? undefined : new RegExp(stems.join('|'), 'gi');
  }

  scan(text: string): ScannedText {
    const terms = new Set<number>();
    const words = new Set<string>();
    if (this.#stems === undefined) return { terms, words: [] };
    this.#stems.lastIndex = 0;
    for (let match = this.#stems.exec(text); match !== null; match = this.#stems.exec(text)) {
      let start = match.index;
      let end = start + match[0].length;
      while (start > 0 && isWordCode(text.charCodeAt(start - 1))) start--;
      while (end < text.length && isWordCode(text.charCodeAt(end))) end++;
      this.#stems.lastIndex = end;
      const word = text.slice(start, end);
      const found = this.#termsOf(word);
      if (found.length > 0) words.add(word);
      for (const term of found) terms.add(term);
    }
    return { terms, words: [...words] };
  }

  #termsOf(word: string): readonly number[] {
    const known = this.#memo.get(word);
    if (known !== undefined) return known;
    const found = codeTokens(word).flatMap((term) => this.#indexes.get(term) ?? []);
    this.#memo.set(word, found);
    return found;
  }
}
