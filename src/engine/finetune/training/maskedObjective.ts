import { SextantError } from '../../../shared/errors.ts';
import { SeededRandom } from '../../bench/seededRandom.ts';
import type { ModelFolder } from '../../model/modelFolder.ts';
import { TextTokenizer } from '../../runtime/textTokenizer.ts';
import { batchesInOrder, epochOrder, epochSeed } from './dataOrder.ts';
import { maskTokens, type MaskedText, type Masking } from './maskTokens.ts';
import type { Objective } from './objective.ts';
import type { MaskedSettings } from './trainingTypes.ts';

/** Hides other tokens of each text in every epoch. */
export class MaskedObjective implements Objective<readonly MaskedText[]> {
  readonly #tokens: readonly Int32Array[];
  readonly #masking: Masking;
  readonly #settings: MaskedSettings;

  private constructor(tokens: readonly Int32Array[], masking: Masking, settings: MaskedSettings) {
    this.#tokens = tokens;
    this.#masking = masking;
    this.#settings = settings;
  }

  /** @throws SextantError `model_invalid` for a tokenizer without a mask token. */
  static async open(
    model: ModelFolder,
    texts: readonly string[],
    settings: MaskedSettings,
    checkpoint: () => void,
  ): Promise<MaskedObjective> {
    const tokenizer = new TextTokenizer(model.tokenizerFile, Math.min(settings.maxTokens, model.maxTokens));
    const mask = tokenizer.maskId();
    if (mask === undefined) {
      throw new SextantError('model_invalid', `The tokenizer of ${model.name} has no mask token.`, {
        hint: 'Fine-tune it without masked-language adaptation.',
      });
    }
    const special = new Set(await tokenizer.encode(''));
    const tokens: Int32Array[] = [];
    for (const text of texts) {
      checkpoint();
      const ids = await tokenizer.ids(model.prefixes.document + text);
      if (ids.some((id) => !special.has(id))) tokens.push(ids);
    }
    const { vocabularySize } = model.encoder;
    return new MaskedObjective(tokens, { rate: settings.maskRate, mask, vocabularySize, special }, settings);
  }

  /** Logarithms of how often each token of the vocabulary occurs, `[vocabulary]`, with one occurrence added to all. */
  logFrequencies(): Float32Array {
    const { vocabularySize } = this.#masking;
    const counts = new Float32Array(vocabularySize).fill(1);
    let total = vocabularySize;
    for (const ids of this.#tokens) {
      total += ids.length;
      for (const id of ids) counts[id]! += 1;
    }
    return counts.map((count) => Math.log(count / total));
  }

  epoch(epoch: number): readonly (() => readonly MaskedText[])[] {
    const order = epochOrder(this.#tokens.length, epoch, this.#settings);
    const { batchSize, seed } = this.#settings;
    return batchesInOrder(order, batchSize).map((batch, step) => () => {
      const random = new SeededRandom(epochSeed(seed, epoch) ^ Math.imul(step + 1, 0xc2b2ae35));
      return batch.map((index) => maskTokens(this.#tokens[index]!, this.#masking, random));
    });
  }
}
