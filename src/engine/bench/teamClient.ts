import { SextantError } from '../../shared/errors.ts';
import type { SearchMode } from '../../shared/search.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { SearchEngine } from '../search/searchEngine.ts';
import type { ModelIdentity } from '../store/catalog.ts';
import type { SearchSource } from '../store/searchIndex.ts';

/** A question that was embedded before the clock runs; no vector where the words alone are searched. */
export interface AskedQuestion {
  readonly query: string;
  readonly vector: Float32Array | undefined;
}

/** Somebody who searches: a process of an editor or of an agent. */
export interface TeamClient {
  /** Searches for all of them at once; the time of each, in milliseconds. */
  together(questions: readonly AskedQuestion[]): Promise<readonly number[]>;
}

/** Knows the vectors of the questions that are asked, and nothing else. */
function encoderOf(model: ModelIdentity, vectors: ReadonlyMap<string, Float32Array>): Encoder {
  return {
    ...model,
    backend: { name: 'cpu', reason: 'Nothing is encoded.' },
    embed: (texts) => Promise.resolve({ embeddings: texts.map((text) => vectorOf(text, vectors)), tokens: 0 }),
    dispose: () => Promise.resolve(),
  };
}

function vectorOf(text: string, vectors: ReadonlyMap<string, Float32Array>): Float32Array {
  const vector = vectors.get(text);
  if (vector === undefined) throw new Error(`“${text}” was not among the questions.`);
  return vector;
}

/** Searches in this thread, with a search engine of its own. */
export class OwnClient implements TeamClient {
  readonly #engine = new SearchEngine();
  readonly #index: SearchSource;
  readonly #mode: SearchMode;
  readonly #model: ModelIdentity | undefined;
  readonly #signal: AbortSignal;

  constructor(index: SearchSource, mode: SearchMode, model: ModelIdentity | undefined, signal: AbortSignal) {
    this.#index = index;
    this.#mode = mode;
    this.#model = model;
    this.#signal = signal;
  }

  /** @throws SextantError `index_missing` where the view cannot be searched in this mode; the signal's reason. */
  together(questions: readonly AskedQuestion[]): Promise<number[]> {
    const vectors = new Map(questions.flatMap(({ query, vector }) => (vector === undefined ? [] : [[query, vector]])));
    const encoder = this.#model === undefined ? undefined : encoderOf(this.#model, vectors);
    return Promise.all(questions.map(({ query }) => this.#search(query, encoder)));
  }

  async #search(query: string, encoder: Encoder | undefined): Promise<number> {
    const request = { query, mode: this.#mode, limit: 10, filters: {} };
    const begun = performance.now();
    const { notice } = await this.#engine.search(
      [{ root: 'team', index: this.#index }],
      encoder,
      request,
      this.#signal,
    );
    const took = performance.now() - begun;
    if (notice !== undefined) {
      throw new SextantError('index_missing', `The view cannot be searched in ${this.#mode} mode. ${notice}`, {
        hint: 'Publish it with this model, or name the one that it was published with by --model.',
      });
    }
    return took;
  }
}
