import { codeTokens } from '../text/codeTokens.ts';
import { memo } from '../text/memo.ts';

/** What stands between the words of a name; joined by hyphens they are taken as one identifier. */
const separators = /[^\p{L}\p{N}\p{M}_]+/gu;

/** Names whose words are remembered, 300 bytes each: those of the same chunks come up again and again. */
const rememberedNames = 100_000;

/** The words of a name, each once; of a name that has several, all of them in one piece follow. */
export type NameWords = readonly string[];

export const nameWords = memo(rememberedNames, (name): NameWords => {
  const terms = codeTokens(name.replace(separators, '-'));
  const joined = terms.length > 1 ? [terms.pop()!] : [];
  return [...new Set(terms), ...joined];
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
  fit(words: NameWords): number {
    // Of several words the last is all of them.
    const count = words.length > 1 ? words.length - 1 : words.length;
    let [found, weight] = [0, 0];
    for (let i = 0; i < count; i += 1) {
      const known = this.#weights.get(words[i]!);
      if (known === undefined) continue;
      found += 1;
      weight += known;
    }
    const joined = words[count];
    if (joined !== undefined && (this.#compounds.has(joined) || this.#weights.has(joined))) {
      if (found === 0) weight = this.#weights.get(joined) ?? 0;
      return Math.sqrt(weight / this.#total);
    }
    return found === 0 ? 0 : (found / count) * Math.sqrt(weight / this.#total);
  }
}
