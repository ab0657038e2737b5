import { labelsOf } from '../model/classificationHead.ts';
import type { HeadTask } from '../model/headModules.ts';
import { readModelFolder, weightsName, type ModelFolder } from '../model/modelFolder.ts';
import { withTaskHead } from '../model/taskHead.ts';
import { lowerAttention } from '../runtime/onnx/lowerInspection.ts';
import { lowerNetwork } from '../runtime/onnx/lowerNetwork.ts';
import { OrtModel, type Matrix } from '../runtime/ortModel.ts';
import { TextTokenizer, type TokenDetails } from '../runtime/textTokenizer.ts';
import { SextantError } from '../../shared/errors.ts';
import { attentionWeights, type AttentionWeights } from './attentionWeights.ts';

/** Rows for the tokens or the sequence of one text. */
export interface Inspected {
  readonly tokens: TokenDetails;
  /** What was asked for, in its order. */
  readonly values: readonly Matrix[];
}

/**
 * Runs any head of a model, and shows what is inside of it, one text at a time. It computes on the thread that calls it: for
 * people who look at models, not for indexing.
 */
export class ModelInspector {
  readonly model: ModelFolder;
  readonly tokenizer: TextTokenizer;
  readonly #threads: number;

  private constructor(model: ModelFolder, threads: number) {
    this.model = model;
    this.tokenizer = new TextTokenizer(model.tokenizerFile, model.maxTokens);
    this.#threads = threads;
  }

  /** @throws SextantError as `readModelFolder` does. */
  static async open(modelDir: string, threads: number): Promise<ModelInspector> {
    return new ModelInspector(await readModelFolder(modelDir), threads);
  }

  /** Logits of a head for each of the texts; a row a sequence or a token, see `withTaskHead`. */
  async logits(
    task: HeadTask,
    texts: readonly { readonly text: string; readonly pair?: string }[],
  ): Promise<{ readonly labels: readonly string[]; readonly results: readonly Inspected[] }> {
    const { encoder, config, weights } = this.model;
    const network = withTaskHead(task, encoder, config, (name) => weights.tensors.get(name)?.shape);
    const results = await this.#run(lowerNetwork(network, this.#weights(), [network.logits]), texts);
    return { labels: labelsOf(config, network.columns), results };
  }

  /** The embedding `[1, dimension]` of a text as it is, without a prefix. */
  async embedding(text: string): Promise<Inspected> {
    const { network } = this.model;
    return this.#single(lowerNetwork(network, this.#weights(), [network.embedding]), text);
  }

  /**
   * The values after the embeddings and after each layer, then the last hidden state, `[T, hidden]` each, and the pooled
   * row that the embedding is made of, `[1, hidden]`.
   */
  async hiddenStates(text: string, pair?: string): Promise<Inspected> {
    const { network } = this.model;
    const pooled = network.operations.filter(({ kind }) => kind === 'pool').map(({ output }) => output);
    const values = [...network.hiddenStates, network.lastHiddenState, ...pooled.slice(-1)];
    return this.#single(lowerNetwork(network, this.#weights(), values), text, pair);
  }

  /** What each token makes of each other, layer by layer. */
  async attention(
    text: string,
    pair?: string,
  ): Promise<{ readonly tokens: TokenDetails; readonly layers: readonly AttentionWeights[] }> {
    const { encoder } = this.model;
    const { tokens, values } = await this.#single(lowerAttention(encoder, this.#weights()), text, pair);
    const operations = encoder.operations.filter((operation) => operation.kind === 'attention');
    const length = tokens.ids.length;
    const layers = operations.map(({ heads, window }, layer) =>
      attentionWeights(values[layer]!.data, heads, length, window),
    );
    return { tokens, layers };
  }

  async #single(network: Parameters<typeof OrtModel.open>[0], text: string, pair?: string): Promise<Inspected> {
    const [result] = await this.#run(network, [{ text, ...(pair === undefined ? {} : { pair }) }]);
    return result!;
  }

  async #run(
    network: Parameters<typeof OrtModel.open>[0],
    texts: readonly { readonly text: string; readonly pair?: string }[],
  ): Promise<Inspected[]> {
    const session = await OrtModel.open(network, { folder: this.model.weightsRoot, threads: this.#threads });
    try {
      const results: Inspected[] = [];
      for (const { text, pair } of texts) {
        const tokens = await this.tokenizer.details(text, pair);
        if (tokens.ids.length === 0) throw new SextantError('invalid_argument', 'The text has no tokens.');
        const cuSeqlens = Int32Array.of(0, tokens.ids.length);
        results.push({ tokens, values: await session.run({ ids: tokens.ids, types: this.#types(tokens), cuSeqlens }) });
      }
      return results;
    } finally {
      await session.dispose();
    }
  }

  /** Some tokenizers tell texts apart for models that do not. */
  #types({ types }: TokenDetails): Int32Array {
    const { config } = this.model;
    return config.family !== 'modernbert' && config.types > 1 ? types : new Int32Array(types.length);
  }

  #weights(): { readonly file: string; readonly tensors: ModelFolder['weights']['tensors'] } {
    return { file: weightsName, tensors: this.model.weights.tensors };
  }
}
