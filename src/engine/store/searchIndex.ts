import type { SearchScope, SymbolKind } from '../../shared/search.ts';

/** What a search is narrowed to, already resolved to rows: absent means everything. */
export interface CandidateFilter {
  readonly languages?: readonly string[];
  readonly kinds?: readonly SymbolKind[];
  readonly scopes?: readonly SearchScope[];
  /** Files the path globs allow. */
  readonly fileIds?: ReadonlySet<number>;
}

/** Weights of BM25 by field, in the order of the FTS5 columns. */
export interface FieldWeights {
  readonly path: number;
  readonly symbol: number;
  readonly signature: number;
  readonly doc: number;
  readonly body: number;
}

export interface Candidate {
  readonly chunkId: number;
  /** Higher is better: BM25 (sign turned) for keywords, cosine for dense. */
  readonly score: number;
}

/** As {@link Candidate}, with the score left for `cosines` to tell where it is undefined. */
export interface NearCandidate {
  readonly chunkId: number;
  readonly score: number | undefined;
}

/** What the words of a query are to an index. */
export interface KeywordMatches {
  /** Ranked by weighted BM25. */
  readonly best: readonly Candidate[];
  /** Number of chunks that hold each term in any field. */
  readonly frequencies: ReadonlyMap<string, number>;
  /** For each of the chunks, which are all different: which of the terms it holds in any field, as places among them, in their order. */
  held(chunkIds: readonly number[]): readonly (readonly number[])[];
}

export interface FileRow {
  readonly fileId: number;
  readonly path: string;
  readonly language: string;
  readonly scope: SearchScope;
  readonly chunkCount: number;
}

/** A chunk without its texts: all that ranking looks at. */
export interface ChunkHead {
  readonly chunkId: number;
  readonly fileId: number;
  readonly path: string;
  readonly language: string;
  readonly scope: SearchScope;
  readonly kind: SymbolKind;
  readonly name: string;
  readonly symbol: string;
  readonly definition: boolean;
  readonly startLine: number;
  readonly endLine: number;
}

export interface ChunkRow extends ChunkHead {
  readonly signature: string;
  readonly doc: string;
  readonly text: string;
}

export interface SymbolHit {
  readonly chunkId: number;
  readonly name: string;
  readonly kind: SymbolKind;
  readonly line: number;
}

/** The reading side of one root's store, all that search needs. Synchronous, as better-sqlite3 is. */
export interface SearchIndex {
  /** `terms` are index terms (see `text/codeTokens.ts`), joined by OR; `limit` may be 0. */
  keyword(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): KeywordMatches;
  /** 1-bit scan over the serving generation, rescored with the stored vectors; nearest first. `vector` is L2-normalised. */
  dense(vector: Float32Array, limit: number, filter: CandidateFilter): NearCandidate[];
  /** Definitions whose name equals `name`, ASCII case ignored. */
  symbols(name: string, limit: number, filter: CandidateFilter): SymbolHit[];
  /** Definitions whose name starts with `prefix`, ASCII case ignored. */
  symbolsByPrefix(prefix: string, limit: number, filter: CandidateFilter): SymbolHit[];
  /** In the order asked for; undefined for those that are gone. */
  heads(chunkIds: readonly number[]): (ChunkHead | undefined)[];
  /** In the order asked for; those that are gone are left out. */
  chunks(chunkIds: readonly number[]): ChunkRow[];
  /** Cosines of `vector` (L2-normalised), in the order asked for; undefined for chunks without an embedding in the serving generation. */
  cosines(vector: Float32Array, chunkIds: readonly number[]): (number | undefined)[];
  /** The stored embeddings of chunks that have one in the serving generation, L2-normalised. */
  embeddings(chunkIds: readonly number[]): Map<number, Float32Array>;
  chunksOfFile(fileId: number): ChunkRow[];
  chunksAt(path: string, startLine: number, endLine: number): ChunkRow[];
  /** In the order of their paths; the same array for as long as nothing has changed. */
  files(): readonly FileRow[];
  counts(): { readonly files: number; readonly chunks: number; readonly embedded: number };
}

type Awaitable<T> = T | Promise<T>;

/**
 * What search asks of a store: a {@link SearchIndex} answers at once, a store on another machine some time later. What goes between
 * two answers may go from the store as well, so nothing is said of ids that are gone.
 */
export type SearchSource = {
  readonly [K in keyof SearchIndex]: (...args: Parameters<SearchIndex[K]>) => Awaitable<ReturnType<SearchIndex[K]>>;
};
