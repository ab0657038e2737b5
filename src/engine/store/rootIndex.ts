import type {
  Candidate,
  CandidateFilter,
  ChunkRow,
  FieldWeights,
  FileRow,
  SearchIndex,
  SymbolHit,
} from './searchIndex.ts';
import type { RootStore } from './rootStore.ts';

/**
 * The reading side of a store for as long as the store lives: it outlasts a database that is replaced, and what SQLite throws
 * comes out as SextantErrors.
 */
export class RootIndex implements SearchIndex {
  readonly #store: RootStore;

  constructor(store: RootStore) {
    this.#store = store;
  }

  /**
   * The model whose embeddings serve, undefined when there are none. Only a query that this model embedded may be given to
   * {@link dense}: vectors of another may have the same dimension and would silently find the wrong things.
   */
  servingModel(): { readonly fingerprint: string; readonly dimension: number } | undefined {
    return this.#store.read((reader) => reader.servingModel());
  }

  /** Every chunk that has an embedding, in the order of ids; writes may go on while it is iterated. */
  *allEmbeddings(): Generator<{ readonly chunkId: number; readonly embedding: Float32Array }> {
    yield* this.#store.read((reader) => reader.allEmbeddings());
  }

  keyword(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): Candidate[] {
    return this.#store.read((reader) => reader.keyword(terms, weights, limit, filter));
  }

  documentFrequencies(terms: readonly string[]): Map<string, number> {
    return this.#store.read((reader) => reader.documentFrequencies(terms));
  }

  dense(vector: Float32Array, limit: number, filter: CandidateFilter): Candidate[] {
    return this.#store.read((reader) => reader.dense(vector, limit, filter));
  }

  symbols(name: string, limit: number, filter: CandidateFilter): SymbolHit[] {
    return this.#store.read((reader) => reader.symbols(name, limit, filter));
  }

  symbolsByPrefix(prefix: string, limit: number, filter: CandidateFilter): SymbolHit[] {
    return this.#store.read((reader) => reader.symbolsByPrefix(prefix, limit, filter));
  }

  chunks(chunkIds: readonly number[]): ChunkRow[] {
    return this.#store.read((reader) => reader.chunks(chunkIds));
  }

  embeddings(chunkIds: readonly number[]): Map<number, Float32Array> {
    return this.#store.read((reader) => reader.embeddings(chunkIds));
  }

  chunksOfFile(fileId: number): ChunkRow[] {
    return this.#store.read((reader) => reader.chunksOfFile(fileId));
  }

  chunksAt(path: string, startLine: number, endLine: number): ChunkRow[] {
    return this.#store.read((reader) => reader.chunksAt(path, startLine, endLine));
  }

  files(): FileRow[] {
    return this.#store.read((reader) => reader.files());
  }

  counts(): { readonly files: number; readonly chunks: number; readonly embedded: number } {
    return this.#store.read((reader) => reader.counts());
  }
}
