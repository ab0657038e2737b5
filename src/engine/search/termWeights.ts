import { codeTokens } from '../text/codeTokens.ts';
import { memo } from '../text/memo.ts';

/** What stands between the words of a name; joined by hyphens they are taken as one identifier. */
const separators = /[^\p{L}\p{N}\p{M}_]+/gu;

/** Names whose words are remembered: those of the same chunks come up again and again. */
const rememberedNames = 20_000;

interface NameWords {
  /** Each once. */
  readonly words: readonly string[];
  /** All of them in one piece, of a name that has several. */
  readonly joined: string | undefined;
}

const wordsOf = memo(rememberedNames, (name): NameWords => {
  const terms = codeTokens(name.replace(separators, '-'));
  const joined = terms.length > 1 ? terms.at(-1)! : undefined;
  return { words: [...new Set(joined === undefined ? terms : terms.slice(0, -1))], joined };
});

/** The terms of a query with their weights, and how much of them a text, a name or a file covers. */
export class TermWeights {
  readonly #weights: ReadonlyMap<string, number>;
  readonly #ordered: readonly number[];
  readonly #total: number;
  readonly #compounds: ReadonlySet<string>;

  /** `compounds`: neighbouring words of the query joined, see `QueryProfile`. */
  constructor(terms: readonly string[], compounds: readonly string[], weightOf: (term: string) => number) {
    this.#weights = new Map(terms.map((term) => [term, weightOf(term)]));
    this.#ordered = [...this.#weights.values()];
    this.#total = this.#ordered.reduce((sum, weight) => sum + weight, 0) || 1;
    this.#compounds = new Set(compounds);
  }

  /** Share of the query's weight, in [0, 1], of the terms at these places in the query. */
  shareAt(places: Iterable<number>): number {
    let sum = 0;
    for (const place of places) sum += this.#ordered[place] ?? 0;
    return sum / this.#total;
  }

  /** Share of the query's weight, in [0, 1], that is among `terms`, each of which is there once. */
  share(terms: readonly string[]): number {
    let sum = 0;
    for (const term of terms) sum += this.#weights.get(term) ?? 0;
    return sum / this.#total;
  }

  /**
   * How well a name fits the query, in [0, 1]: the share of the name's words that the query has, times the root of the share
   * of the query that they cover. A name that the query holds in one piece, or as neighbouring words, fits in full.
   */
  fit(name: string): number {
    const { words, joined } = wordsOf(name);
    if (words.length === 0) return 0;
    const whole = joined !== undefined && (this.#compounds.has(joined) || this.#weights.has(joined));
    const found = words.filter((word) => this.#weights.has(word));
    const precision = whole ? 1 : found.length / words.length;
    const covered = whole && found.length === 0 ? [joined] : found;
    return precision * Math.sqrt(this.share(covered));
  }
}
