import { SextantError } from '../../../shared/errors.ts';
import type { ModelFolder } from '../../model/modelFolder.ts';
import { TextTokenizer } from '../../runtime/textTokenizer.ts';
import { classificationLoss, type Targets } from './classificationLoss.ts';
import { batchesInOrder, epochOrder } from './dataOrder.ts';
import type { Objective } from './objective.ts';
import type { StepInput } from './packedGradients.ts';
import type { ClassifiedText, ClassifierSettings } from './trainingTypes.ts';

/** Cross-entropy of the labels of a batch. */
export class ClassifierObjective implements Objective<StepInput> {
  readonly #tokens: readonly Int32Array[];
  readonly #labels: readonly number[];
  readonly #labelCount: number;
  readonly #settings: ClassifierSettings;

  private constructor(
    tokens: readonly Int32Array[],
    labels: readonly number[],
    labelCount: number,
    settings: ClassifierSettings,
  ) {
    this.#tokens = tokens;
    this.#labels = labels;
    this.#labelCount = labelCount;
    this.#settings = settings;
  }

  /** @throws SextantError `invalid_argument` for an example whose label is not among the labels. */
  static async open(
    model: ModelFolder,
    {
      examples,
      labels,
      settings,
    }: { examples: readonly ClassifiedText[]; labels: readonly string[]; settings: ClassifierSettings },
    checkpoint: () => void,
  ): Promise<ClassifierObjective> {
    const indices = examples.map(({ label }, index) => {
      const found = labels.indexOf(label);
      if (found >= 0) return found;
      throw new SextantError(
        'invalid_argument',
        `Example ${index + 1} has the label “${label}”, which is none of ${labels.join(', ')}.`,
      );
    });
    const tokenizer = new TextTokenizer(model.tokenizerFile, Math.min(settings.maxTokens, model.maxTokens));
    const tokens: Int32Array[] = [];
    for (const { text } of examples) {
      checkpoint();
      tokens.push(await tokenizer.ids(text));
    }
    return new ClassifierObjective(tokens, indices, labels.length, settings);
  }

  epoch(epoch: number): readonly (() => StepInput)[] {
    const order = epochOrder(this.#tokens.length, epoch, this.#settings);
    return batchesInOrder(order, this.#settings.batchSize).map((batch) => () => ({
      lists: batch.map((index) => this.#tokens[index]!),
      loss: (rows) => classificationLoss(rows, this.#targets(batch)),
    }));
  }

  /** The mean over the batch goes by the weights of the labels, as in PyTorch's `CrossEntropyLoss`. */
  #targets(batch: readonly number[]): Targets {
    const { labelWeights, labelSmoothing } = this.#settings;
    const columns = this.#labelCount;
    const shares = new Float32Array(batch.length * columns).fill(labelSmoothing / columns);
    const weights = Float32Array.from(batch, (index) => labelWeights[this.#labels[index]!] ?? 1);
    for (const [row, index] of batch.entries()) shares[row * columns + this.#labels[index]!]! += 1 - labelSmoothing;
    const total = weights.reduce((a, b) => a + b, 0) || 1;
    return { shares: { data: shares, rows: batch.length, columns }, weights: weights.map((weight) => weight / total) };
  }
}
