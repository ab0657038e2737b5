import type { ModelFolder } from '../../model/modelFolder.ts';
import type { Matrix } from '../../runtime/ortModel.ts';
import { TextTokenizer } from '../../runtime/textTokenizer.ts';
import { addAnchorLoss } from './anchorLoss.ts';
import { batchesWithoutDuplicates, epochOrder, type BatchPair } from './dataOrder.ts';
import type { StepInput } from './packedGradients.ts';
import type { Objective } from './objective.ts';
import { rankingLoss } from './rankingLoss.ts';
import type { EncoderSettings, TrainingPair } from './trainingTypes.ts';

interface TokenPair {
  readonly query: Int32Array;
  readonly document: Int32Array;
  readonly negatives: readonly Int32Array[];
}

/** Multiple-negatives ranking of the pairs of a batch. */
export class EncoderObjective implements Objective<StepInput> {
  readonly #pairs: readonly TrainingPair[];
  readonly #tokens: readonly TokenPair[];
  readonly #settings: EncoderSettings;
  /** What each list of tokens was embedded as before training. */
  readonly #anchors = new Map<Int32Array, Float32Array>();

  private constructor(pairs: readonly TrainingPair[], tokens: readonly TokenPair[], settings: EncoderSettings) {
    this.#pairs = pairs;
    this.#tokens = tokens;
    this.#settings = settings;
  }

  static async open(
    model: ModelFolder,
    pairs: readonly TrainingPair[],
    settings: EncoderSettings,
    checkpoint: () => void,
  ): Promise<EncoderObjective> {
    const tokenizer = new TextTokenizer(model.tokenizerFile, Math.min(settings.maxTokens, model.maxTokens));
    const { query, document } = model.prefixes;
    const tokens: TokenPair[] = [];
    for (const pair of pairs) {
      checkpoint();
      const negatives = [];
      for (const text of pair.negatives ?? []) negatives.push(await tokenizer.ids(document + text));
      tokens.push({
        query: await tokenizer.ids(query + pair.query),
        document: await tokenizer.ids(document + pair.document),
        negatives,
      });
    }
    return new EncoderObjective(pairs, tokens, settings);
  }

  /** Called once with the weights that the anchor holds to, whatever state is taken up afterwards. */
  async prepare(rows: (lists: readonly Int32Array[]) => Promise<Matrix>): Promise<void> {
    if (this.#settings.anchor === 0) return;
    const lists = this.#tokens.flatMap(({ query, document, negatives }) => [query, document, ...negatives]);
    const { data, columns } = await rows(lists);
    for (const [row, list] of lists.entries())
      this.#anchors.set(list, data.subarray(row * columns, (row + 1) * columns));
  }

  epoch(epoch: number): readonly (() => StepInput)[] {
    const { batchSize, negativesPerPair } = this.#settings;
    const order = epochOrder(this.#pairs.length, epoch, this.#settings);
    const limits = { size: batchSize, negatives: negativesPerPair };
    return batchesWithoutDuplicates(this.#pairs, order, limits).map((batch) => () => this.#step(batch));
  }

  #step(batch: readonly BatchPair[]): StepInput {
    const pairs = batch.map(({ pair }) => this.#tokens[pair]!);
    const negatives = batch.flatMap(({ pair, negatives: used }) =>
      used.map((index) => this.#tokens[pair]!.negatives[index]!),
    );
    const lists = [...pairs.map(({ query }) => query), ...pairs.map(({ document }) => document), ...negatives];
    const anchors = lists.flatMap((list) => this.#anchors.get(list) ?? []);
    return { lists, loss: (rows) => this.#loss(rows, batch.length, anchors) };
  }

  #loss(
    all: Matrix,
    queryCount: number,
    anchors: readonly Float32Array[],
  ): { readonly loss: number; readonly gradient: Matrix } {
    const { data, rows, columns } = all;
    const split = queryCount * columns;
    const queries = { data: data.subarray(0, split), rows: queryCount, columns };
    const documents = { data: data.subarray(split), rows: rows - queryCount, columns };
    const { loss, ...gradients } = rankingLoss(queries, documents, this.#settings);
    const gradient = new Float32Array(data.length);
    gradient.set(gradients.queries.data);
    gradient.set(gradients.documents.data, split);
    const drift = addAnchorLoss(all, anchors, this.#settings.anchor, gradient);
    return { loss: loss + drift, gradient: { data: gradient, rows, columns } };
  }
}
