import type { SearchScope, SymbolKind } from '../../shared/search.ts';
import type { Chunk } from '../chunk/chunk.ts';
import { conditionOf } from './candidateFilter.ts';
import type { Catalog, ChunkSet, Generation } from './catalog.ts';
import { ChunkMasks } from './chunkMask.ts';
import { KeywordSearch } from './keywordSearch.ts';
import type { Labels } from './labels.ts';
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
import { lengthTable } from './searchTables.ts';
import { stateOf, StatementCache, type Sqlite } from './sqlite.ts';
import { VectorSearch } from './vectorSearch.ts';
import { WholeFiles } from './wholeFiles.ts';

interface RawHead {
  readonly chunkId: number;
  readonly fileId: number;
  readonly path: string;
  readonly languageId: number;
  readonly scopeId: number;
  readonly kindId: number;
  readonly name: string;
  readonly symbol: string;
  readonly definition: number;
  readonly startLine: number;
  readonly endLine: number;
}

interface RawChunk extends RawHead {
  readonly signature: string;
  readonly doc: string;
  readonly text: string;
}

const headColumns = `
  c.id AS chunkId, c.file_id AS fileId, f.path, f.language_id AS languageId, f.scope_id AS scopeId, c.kind_id AS kindId,
  c.name, c.symbol, c.definition, c.start_line AS startLine, c.end_line AS endLine`;
const chunkColumns = `${headColumns}, t.signature, t.doc, t.text`;

const noMatches: KeywordMatches = { best: [], frequencies: new Map(), held: (chunkIds) => chunkIds.map(() => []) };

const embeddingPageSize = 1000;

/** A string above every name with this prefix; NOCASE compares bytes after folding ASCII letters. */
function abovePrefix(prefix: string): string {
  return `${prefix}\u{10ffff}`;
}

type Counts = ReturnType<SearchIndex['counts']>;

/** Reads what the serving chunk set and generation hold; see {@link SearchIndex}. */
export class StoreReader implements SearchIndex {
  readonly #labels: Labels;
  readonly #catalog: Catalog;
  readonly #vecAvailable: boolean;
  /** Files with all that belongs to them, for other stores. */
  readonly whole: WholeFiles;
  readonly #db: Sqlite;
  readonly #statements: StatementCache;
  #counted: { readonly state: string; readonly counts: Counts } | undefined;
  #listed: { readonly state: string; readonly files: readonly FileRow[] } | undefined;
  #masks: { readonly chunkSetId: number; readonly masks: ChunkMasks } | undefined;
  #keywordSearch: { readonly chunkSetId: number; readonly search: KeywordSearch } | undefined;
  #vectorSearch: { readonly generationId: number; readonly search: VectorSearch } | undefined;

  constructor(db: Sqlite, labels: Labels, catalog: Catalog, vecAvailable: boolean) {
    this.#db = db;
    this.whole = new WholeFiles(db, labels);
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#catalog = catalog;
    this.#vecAvailable = vecAvailable;
  }

  keyword(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): KeywordMatches {
    return this.#keywords()?.search(terms, weights, limit, filter) ?? noMatches;
  }

  dense(vector: Float32Array, limit: number, filter: CandidateFilter): Candidate[] {
    const generation = this.#generation();
    if (generation === undefined || vector.length !== generation.dimension) return [];
    return this.#vectors(generation).search(vector, limit, filter, generation.embedded);
  }

  symbols(name: string, limit: number, filter: CandidateFilter): SymbolHit[] {
    return this.#symbolHits('s.name = ?', [name], limit, filter);
  }

  symbolsByPrefix(prefix: string, limit: number, filter: CandidateFilter): SymbolHit[] {
    return this.#symbolHits('s.name >= ? AND s.name < ?', [prefix, abovePrefix(prefix)], limit, filter);
  }

  heads(chunkIds: readonly number[]): (ChunkHead | undefined)[] {
    const rows = this.#statements
      .get(
        `SELECT j.key AS place, ${headColumns} FROM json_each(?) j CROSS JOIN chunks c ON c.id = j.value
       CROSS JOIN files f ON f.id = c.file_id`,
      )
      .all(JSON.stringify(chunkIds)) as (RawHead & { readonly place: number })[];
    const heads = new Array<ChunkHead | undefined>(chunkIds.length).fill(undefined);
    for (const { place, ...row } of rows) heads[place] = this.#named(row);
    return heads;
  }

  chunks(chunkIds: readonly number[]): ChunkRow[] {
    const rows = this.#statements
      .get(
        `SELECT ${chunkColumns} FROM json_each(?) j CROSS JOIN chunks c ON c.id = j.value
       CROSS JOIN chunk_texts t ON t.chunk_id = c.id CROSS JOIN files f ON f.id = c.file_id ORDER BY j.key`,
      )
      .all(JSON.stringify(chunkIds)) as RawChunk[];
    return rows.map((row) => this.#named(row));
  }

  cosines(vector: Float32Array, chunkIds: readonly number[]): (number | undefined)[] {
    const generation = this.#generation();
    if (generation === undefined) return chunkIds.map(() => undefined);
    return this.#vectors(generation).cosines(vector, chunkIds);
  }

  embeddings(chunkIds: readonly number[]): Map<number, Float32Array> {
    const generation = this.#generation();
    return generation === undefined ? new Map<number, Float32Array>() : this.#vectors(generation).embeddings(chunkIds);
  }

  /** Every chunk that has an embedding, in the order of ids. Reads page by page, so that writes may go on in between. */
  *allEmbeddings(): Generator<{ readonly chunkId: number; readonly embedding: Float32Array }> {
    for (let after = 0; ;) {
      // The generation may be replaced between two pages; what follows then belongs to another model.
      const generation = this.#generation();
      if (generation === undefined) return;
      const page = this.#vectors(generation).page(after, embeddingPageSize);
      if (page.size === 0) return;
      for (const [chunkId, embedding] of page) {
        yield { chunkId, embedding };
        after = chunkId;
      }
    }
  }

  /** The chunks as the chunker made them, with the path of their file, by id; those that are gone are left out. */
  chunked(chunkIds: readonly number[]): Map<number, { readonly path: string; readonly chunk: Chunk }> {
    const rows = this.#statements
      .get(
        `SELECT c.id, f.path, c.kind_id AS kindId, c.name, c.symbol, t.signature, t.doc, c.definition, t.text,
         c.start_line AS startLine, c.end_line AS endLine, c.start_offset AS startOffset, c.end_offset AS endOffset
         FROM json_each(?) j CROSS JOIN chunks c ON c.id = j.value
         CROSS JOIN chunk_texts t ON t.chunk_id = c.id CROSS JOIN files f ON f.id = c.file_id`,
      )
      .all(JSON.stringify(chunkIds)) as (Omit<Chunk, 'kind' | 'definition'> & {
      id: number;
      path: string;
      kindId: number;
      definition: number;
    })[];
    return new Map(
      rows.map(({ id, path, kindId, definition, ...rest }) => {
        const kind = this.#labels.nameOf(kindId) as SymbolKind;
        return [id, { path, chunk: { ...rest, kind, definition: definition === 1 } }];
      }),
    );
  }

  chunksOfFile(fileId: number): ChunkRow[] {
    return this.#chunkRows('c.file_id = ?', [fileId]);
  }

  chunksAt(path: string, startLine: number, endLine: number): ChunkRow[] {
    const setId = this.#catalog.chunkSet('serving')?.id ?? -1;
    const where = 'f.chunk_set_id = ? AND f.path = ? AND c.start_line <= ? AND c.end_line >= ?';
    return this.#chunkRows(where, [setId, path, endLine, startLine]);
  }

  files(): readonly FileRow[] {
    const state = stateOf(this.#statements);
    if (this.#listed?.state !== state) this.#listed = { state, files: this.#list() };
    return this.#listed.files;
  }

  #list(): FileRow[] {
    const rows = this.#statements
      .get(
        `SELECT id AS fileId, path, language_id AS languageId, scope_id AS scopeId, chunk_count AS chunkCount
       FROM files WHERE chunk_set_id = ? ORDER BY path`,
      )
      .all(this.#catalog.chunkSet('serving')?.id ?? -1) as {
      fileId: number;
      path: string;
      languageId: number;
      scopeId: number;
      chunkCount: number;
    }[];
    return rows.map(({ languageId, scopeId, ...row }) => ({
      ...row,
      language: this.#labels.nameOf(languageId),
      scope: this.#labels.nameOf(scopeId) as SearchScope,
    }));
  }

  counts(): Counts {
    const state = stateOf(this.#statements);
    if (this.#counted?.state !== state) this.#counted = { state, counts: this.#count() };
    return this.#counted.counts;
  }

  #count(): Counts {
    const set = this.#catalog.chunkSet('serving');
    if (set === undefined) return { files: 0, chunks: 0, embedded: 0 };
    const { files, chunks } = this.#statements
      .get(
        `SELECT (SELECT count(*) FROM files WHERE chunk_set_id = ?) AS files,
         (SELECT coalesce(sum(alive), 0) FROM ${lengthTable(set.id)}) AS chunks`,
      )
      .get(set.id) as { files: number; chunks: number };
    const generation = this.#generation();
    return { files, chunks, embedded: generation?.embedded ?? 0 };
  }

  /** What serves now: the set of files, and the vectors over it where there are any. */
  serving(): { readonly chunkSet: ChunkSet; readonly generation: Generation | undefined } | undefined {
    const chunkSet = this.#catalog.chunkSet('serving');
    return chunkSet === undefined ? undefined : { chunkSet, generation: this.#generation() };
  }

  /** The model whose embeddings serve: only a query embedded by it may be given to {@link dense}. */
  servingModel(): { readonly fingerprint: string; readonly dimension: number } | undefined {
    const generation = this.#generation();
    return generation === undefined
      ? undefined
      : { fingerprint: generation.fingerprint, dimension: generation.dimension };
  }

  #generation(): Generation | undefined {
    return this.#vecAvailable ? this.#catalog.generation('serving') : undefined;
  }

  #keywords(): KeywordSearch | undefined {
    const set = this.#catalog.chunkSet('serving');
    if (set === undefined) return undefined;
    if (this.#keywordSearch?.chunkSetId !== set.id) {
      this.#keywordSearch = { chunkSetId: set.id, search: new KeywordSearch(this.#db, this.#masksOf(set.id), set.id) };
    }
    return this.#keywordSearch.search;
  }

  #vectors(generation: Generation): VectorSearch {
    if (this.#vectorSearch?.generationId !== generation.id) {
      this.#vectorSearch = {
        generationId: generation.id,
        search: new VectorSearch(this.#db, this.#labels, this.#masksOf(generation.chunkSetId), generation),
      };
    }
    return this.#vectorSearch.search;
  }

  /** The same for words and vectors, which are asked with the same filter. */
  #masksOf(chunkSetId: number): ChunkMasks {
    if (this.#masks?.chunkSetId !== chunkSetId) {
      this.#masks = { chunkSetId, masks: new ChunkMasks(this.#db, this.#labels, chunkSetId) };
    }
    return this.#masks.masks;
  }

  #symbolHits(match: string, parameters: readonly string[], limit: number, filter: CandidateFilter): SymbolHit[] {
    const condition = conditionOf(filter, this.#labels, {
      language: 'f.language_id',
      scope: 'f.scope_id',
      kind: 's.kind_id',
      file: 'f.id',
    });
    // By name first, always: for a range of names SQLite would rather go through every chunk.
    const rows = this.#statements
      .get(
        `SELECT s.chunk_id AS chunkId, s.name, s.kind_id AS kindId, s.line
       FROM symbols s CROSS JOIN chunks c ON c.id = s.chunk_id CROSS JOIN files f ON f.id = c.file_id
       WHERE ${match} AND f.chunk_set_id = ? ${condition === undefined ? '' : `AND ${condition.sql}`}
       ORDER BY s.name, s.id LIMIT ?`,
      )
      .all(...parameters, this.#catalog.chunkSet('serving')?.id ?? -1, ...(condition?.parameters ?? []), limit) as {
      chunkId: number;
      name: string;
      kindId: number;
      line: number;
    }[];
    return rows.map(({ kindId, ...hit }) => ({ ...hit, kind: this.#labels.nameOf(kindId) as SymbolKind }));
  }

  #chunkRows(where: string, parameters: readonly (string | number)[]): ChunkRow[] {
    const rows = this.#statements
      .get(
        `SELECT ${chunkColumns} FROM files f JOIN chunks c ON c.file_id = f.id JOIN chunk_texts t ON t.chunk_id = c.id
       WHERE ${where} ORDER BY c.start_line, c.id`,
      )
      .all(...parameters) as RawChunk[];
    return rows.map((row) => this.#named(row));
  }

  /** With the labels in place of their numbers. */
  #named<R extends RawHead>({ languageId, scopeId, kindId, definition, ...row }: R) {
    return {
      ...row,
      language: this.#labels.nameOf(languageId),
      scope: this.#labels.nameOf(scopeId) as SearchScope,
      kind: this.#labels.nameOf(kindId) as SymbolKind,
      definition: definition === 1,
    };
  }
}
