import type { SeededRandom } from '../../bench/seededRandom.ts';

/** A text of which some tokens are hidden. */
export interface MaskedText {
  readonly ids: Int32Array;
  /** Positions of the tokens that are to be told, ascending. */
  readonly positions: Int32Array;
  /** The tokens that stood there. */
  readonly targets: Int32Array;
}

export interface Masking {
  /** Share of a text's tokens that are to be told; one at least. */
  readonly rate: number;
  readonly mask: number;
  readonly vocabularySize: number;
  /** Tokens that the tokenizer adds to every text. */
  readonly special: ReadonlySet<number>;
}

const masked = 0.8;
const replaced = 0.1;

/**
 * Of the chosen tokens eight in ten become the mask, one becomes any other token and one stays as it is, so that the model must
 * look at every token and not only at masks (Devlin et al. 2019, “BERT”, §3.1).
 */
export function maskTokens(
  ids: Int32Array,
  { rate, mask, vocabularySize, special }: Masking,
  random: SeededRandom,
): MaskedText {
  const order = Array.from(ids.keys()).filter((position) => !special.has(ids[position]!));
  const count = Math.min(order.length, Math.max(1, Math.round(rate * order.length)));
  for (let place = 0; place < count; place++) {
    const other = place + random.below(order.length - place);
    [order[place], order[other]] = [order[other]!, order[place]!];
  }
  const positions = Int32Array.from(order.slice(0, count)).sort();
  const hidden = ids.slice();
  for (const position of positions) {
    const draw = random.next();
    if (draw < masked) hidden[position] = mask;
    else if (draw < masked + replaced) hidden[position] = random.below(vocabularySize);
  }
  return { ids: hidden, positions, targets: positions.map((position) => ids[position]!) };
}
