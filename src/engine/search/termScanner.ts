import { codeTokens } from '../text/codeTokens.ts';

const wordCharacter = /[\p{L}\p{N}\p{M}_-]/u;
const regexSyntax = /[.*+?^${}()|[\]\\]/g;

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
 * Finds the words of a text that match the query's terms, without cutting all of the text into terms: one regular expression finds
 * the stems, and only the words around them are cut.
 */
export class TermScanner {
  readonly #stems: RegExp | undefined;
  readonly #terms: ReadonlySet<string>;
  readonly #memo = new Map<string, boolean>();

  /** Terms as `codeTokens` makes them; of joined ones the parts must be among the terms to be found. */
  constructor(terms: readonly string[]) {
    this.#terms = new Set(terms);
    const stems = terms.map((term) => term.replace(/(?<=..)[iy]$/, '').replace(regexSyntax, '\\$&'));
    this.#stems = stems.length === 0 ? undefined : new RegExp(stems.join('|'), 'gi');
  }

  /** The words that match, as they stand in the text, in order of appearance. */
  scan(text: string): readonly string[] {
    const words = new Set<string>();
    if (this.#stems === undefined) return [];
    this.#stems.lastIndex = 0;
    for (let match = this.#stems.exec(text); match !== null; match = this.#stems.exec(text)) {
      let start = match.index;
      let end = start + match[0].length;
      while (start > 0 && isWordCode(text.charCodeAt(start - 1))) start--;
      while (end < text.length && isWordCode(text.charCodeAt(end))) end++;
      this.#stems.lastIndex = end;
      const word = text.slice(start, end);
      if (this.#matches(word)) words.add(word);
    }
    return [...words];
  }

  #matches(word: string): boolean {
    let known = this.#memo.get(word);
    if (known === undefined) {
      known = codeTokens(word).some((term) => this.#terms.has(term));
      this.#memo.set(word, known);
    }
    return known;
  }
}
