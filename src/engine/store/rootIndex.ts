import type {
  Candidate,
  CandidateFilter,
  ChunkHead,
  ChunkRow,
  FieldWeights,
  FileRow,
  KeywordMatches,
  SearchIndex,
  SymbolHit,
} from './searchIndex.ts';
import type { RootStore } from './rootStore.ts';
import type { StoreReader } from './storeReader.ts';

/**
 * The reading side of a store for as long as the store lives: it outlasts a database that is replaced, and what SQLite throws
 * comes out as SextantErrors.
 */
export class RootIndex implements SearchIndex {
  readonly #store: RootStore;
  readonly #queryModel: () => string | undefined;

  /**
   * `queryModel`: fingerprint of the model that embeds queries now, undefined while there is none. While the generation of
   * another one serves it is as if nothing were embedded: vectors of two models may have the same dimension, and would
   * silently find the wrong things.
   */
  constructor(store: RootStore, queryModel: () => string | undefined) {
    this.#store = store;
    this.#queryModel = queryModel;
  }

  /** The model whose embeddings serve; undefined when there are none. */
  servingModel(): { readonly fingerprint: string; readonly dimension: number } | undefined {
    return this.#store.read((reader) => reader.servingModel());
  }

  /** Every chunk that has an embedding, in the order of ids; writes may go on while it is iterated. */
  *allEmbeddings(): Generator<{ readonly chunkId: number; readonly embedding: Float32Array }> {
    yield* this.#store.read((reader) => reader.allEmbeddings());
  }

  keyword(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): KeywordMatches {
    return this.#store.read((reader) => reader.keyword(terms, weights, limit, filter));
  }

  dense(vector: Float32Array, limit: number, filter: CandidateFilter): Candidate[] {
    return this.#store.read((reader) => (this.#comparable(reader) ? reader.dense(vector, limit, filter) : []));
  }

  symbols(name: string, limit: number, filter: CandidateFilter): SymbolHit[] {
    return this.#store.read((reader) => reader.symbols(name, limit, filter));
  }

  symbolsByPrefix(prefix: string, limit: number, filter: CandidateFilter): SymbolHit[] {
    return this.#store.read((reader) => reader.symbolsByPrefix(prefix, limit, filter));
  }

  heads(chunkIds: readonly number[]): (ChunkHead | undefined)[] {
    return this.#store.read((reader) => reader.heads(chunkIds));
  }

  chunks(chunkIds: readonly number[]): ChunkRow[] {
    return this.#store.read((reader) => reader.chunks(chunkIds));
  }

  cosines(vector: Float32Array, chunkIds: readonly number[]): (number | undefined)[] {
    return this.#store.read((reader) =>
      this.#comparable(reader) ? reader.cosines(vector, chunkIds) : chunkIds.map(() => undefined),
    );
  }

  embeddings(chunkIds: readonly number[]): Map<number, Float32Array> {
    return this.#store.read((reader) =>
      this.#comparable(reader) ? reader.embeddings(chunkIds) : new Map<number, Float32Array>(),
    );
  }

  chunksOfFile(fileId: number): ChunkRow[] {
    return this.#store.read((reader) => reader.chunksOfFile(fileId));
  }

  chunksAt(path: string, startLine: number, endLine: number): ChunkRow[] {
    return this.#store.read((reader) => reader.chunksAt(path, startLine, endLine));
  }

  files(): readonly FileRow[] {
    return this.#store.read((reader) => reader.files());
  }

  counts(): { readonly files: number; readonly chunks: number; readonly embedded: number } {
    return this.#store.read((reader) =>
      this.#comparable(reader) ? reader.counts() : { ...reader.counts(), embedded: 0 },
    );
  }

  #comparable(reader: StoreReader): boolean {
    const model = this.#queryModel();
    return model === undefined || reader.servingModel()?.fingerprint === model;
  }
}
