import type {
  Candidate,
  CandidateFilter,
  ChunkHead,
  ChunkRow,
  FieldWeights,
  FileRow,
  KeywordMatches,
  NearCandidate,
  SearchSource,
  SymbolHit,
} from '../searchIndex.ts';
import { bigintArray } from './binaryArray.ts';
import { ByteCache } from './byteCache.ts';
import { filterCondition } from './filterCondition.ts';
import type { PostgresConnection } from './postgresConnection.ts';
import { SharedKeywords } from './sharedKeywords.ts';
import { SharedVectors } from './sharedVectors.ts';
import { isAlive, SharedView, type ViewName, type ViewSnapshot } from './sharedView.ts';
import { findModel, type SharedModel } from './vectorTable.ts';

const headColumns = `c.chunk_id AS "chunkId", c.file_id AS "fileId", f.path, f.language, f.scope, c.kind, c.name, c.symbol,
  c.definition, c.start_line AS "startLine", c.end_line AS "endLine"`;
const chunkColumns = `${headColumns}, c.signature, c.doc, c.text`;
const chunkTables = `sextant.chunks c JOIN sextant.files f ON f.repository_id = c.repository_id AND f.file_id = c.file_id`;
const cacheBytes = { heads: 48 * 1024 * 1024, rows: 16 * 1024 * 1024 } as const;
/** Of an object with the strings that are its own. */
const overhead = { head: 250, row: 400 } as const;
/** Files whose strings their chunks share; once there are more, it starts anew. */
const mostFiles = 50_000;

type FileOfChunk = Pick<ChunkHead, 'path' | 'language' | 'scope'>;

/**
 * Everything the search of one view keeps between searches. Ids of chunks and files are those of the shared index; they may be the same as
 * some of a local one, which stands for another root of the search.
 */
export class SharedIndex implements SearchSource {
  readonly #connection: PostgresConnection;
  readonly #view: SharedView;
  readonly #keywords: SharedKeywords;
  /** By id of the file. */
  readonly #files = new Map<number, FileOfChunk>();
  readonly #heads = new ByteCache<ChunkHead>(
    cacheBytes.heads,
    ({ name, symbol }) => overhead.head + name.length + symbol.length,
  );
  readonly #rows = new ByteCache<ChunkRow>(
    cacheBytes.rows,
    ({ text, doc }) => overhead.row + 2 * (text.length + doc.length),
  );
  readonly #fingerprint: string | undefined;
  #model: Promise<SharedModel | undefined> | undefined;
  #modelVectors: SharedVectors | undefined;
  #embedded: { readonly view: ViewSnapshot; readonly count: Promise<number> } | undefined;

  /** `fingerprint`: of the model that embeds queries; undefined while there is none. Only its vectors are looked at. */
  constructor(connection: PostgresConnection, name: ViewName, fingerprint: string | undefined) {
    this.#connection = connection;
    this.#view = new SharedView(connection, name);
    this.#keywords = new SharedKeywords(connection);
    this.#fingerprint = fingerprint;
  }

  /** See {@link SharedView.limitTo}. */
  limitTo(contents: ReadonlyMap<string, string> | undefined): void {
    this.#view.limitTo(contents);
  }

  /** The view as it is now. */
  snapshot(): Promise<ViewSnapshot> {
    return this.#view.snapshot();
  }

  async keyword(
    terms: readonly string[],
    weights: FieldWeights,
    limit: number,
    filter: CandidateFilter,
  ): Promise<KeywordMatches> {
    const view = await this.#view.snapshot();
    const filtered = filterCondition(filter, 3).sql !== '';
    const passing = filtered ? (found: readonly Candidate[]) => this.#passing(view, found, filter) : undefined;
    return this.#keywords.search(view, terms, weights, limit, passing);
  }

  async dense(vector: Float32Array, limit: number, filter: CandidateFilter): Promise<NearCandidate[]> {
    const [view, vectors] = await Promise.all([this.#view.snapshot(), this.#vectors()]);
    return vectors === undefined ? [] : vectors.search(view, vector, limit, filter);
  }

  symbols(name: string, limit: number, filter: CandidateFilter): Promise<SymbolHit[]> {
    return this.#symbolHits('lower(s.name) = lower($3)', name, limit, filter, 'symbols');
  }

  symbolsByPrefix(prefix: string, limit: number, filter: CandidateFilter): Promise<SymbolHit[]> {
    const pattern = `${prefix.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`;
    // Not prepared: the index only serves a pattern that is known when it is planned.
    return this.#symbolHits('lower(s.name) LIKE lower($3)', pattern, limit, filter, undefined);
  }

  heads(chunkIds: readonly number[]): Promise<(ChunkHead | undefined)[]> {
    return this.#cached(this.#heads, chunkIds, async (view, missing) => {
      const rows = await this.#readChunks<ChunkHead>(view, missing, headColumns, 'heads');
      return rows.map((row) => ({ ...row, ...this.#fileOf(row) }));
    });
  }

  async chunks(chunkIds: readonly number[]): Promise<ChunkRow[]> {
    const rows = await this.#cached(this.#rows, chunkIds, (view, missing) =>
      this.#readChunks<ChunkRow>(view, missing, chunkColumns, 'chunks'),
    );
    return rows.filter((row) => row !== undefined);
  }

  /** The same strings for all chunks of a file: those that each row brings are most of what a head takes. */
  #fileOf({ fileId, path, language, scope }: ChunkHead): FileOfChunk {
    const known = this.#files.get(fileId);
    if (known !== undefined) return known;
    const file = { path, language, scope };
    if (this.#files.size >= mostFiles) this.#files.clear();
    this.#files.set(fileId, file);
    return file;
  }

  async #cached<R extends ChunkHead>(
    cache: ByteCache<R>,
    chunkIds: readonly number[],
    read: (view: ViewSnapshot, missing: readonly number[]) => Promise<R[]>,
  ): Promise<(R | undefined)[]> {
    const view = await this.#view.snapshot();
    const rows = chunkIds.map((id) => (isAlive(view, id) ? cache.get(id) : undefined));
    const missing = chunkIds.filter((id, place) => rows[place] === undefined && isAlive(view, id));
    if (missing.length > 0) {
      const fresh = new Map((await read(view, missing)).map((row) => [row.chunkId, row]));
      for (const [place, id] of chunkIds.entries()) rows[place] ??= fresh.get(id);
      for (const [id, row] of fresh) cache.add(id, row);
    }
    return rows;
  }

  async cosines(vector: Float32Array, chunkIds: readonly number[]): Promise<(number | undefined)[]> {
    const [view, vectors] = await Promise.all([this.#view.snapshot(), this.#vectors()]);
    return vectors === undefined ? chunkIds.map(() => undefined) : vectors.cosines(view, vector, chunkIds);
  }

  async embeddings(chunkIds: readonly number[]): Promise<Map<number, Float32Array>> {
    const [view, vectors] = await Promise.all([this.#view.snapshot(), this.#vectors()]);
    return vectors === undefined ? new Map<number, Float32Array>() : vectors.embeddings(view, chunkIds);
  }

  async chunksOfFile(fileId: number): Promise<ChunkRow[]> {
    return this.#chunksWhere('c.file_id = $2', [fileId]);
  }

  async chunksAt(path: string, startLine: number, endLine: number): Promise<ChunkRow[]> {
    return this.#chunksWhere('f.path = $2 AND c.start_line <= $3 AND c.end_line >= $4', [path, endLine, startLine]);
  }

  files(): Promise<FileRow[]> {
    return this.#view.files();
  }

  async counts(): Promise<{ readonly files: number; readonly chunks: number; readonly embedded: number }> {
    const [view, model] = await Promise.all([this.#view.snapshot(), this.#sharedModel()]);
    const { files, chunks } = view;
    if (model === undefined) return { files, chunks, embedded: 0 };
    if (this.#embedded?.view !== view) this.#embedded = { view, count: this.#countEmbedded(view, model) };
    return { files, chunks, embedded: Math.min(chunks, await this.#embedded.count) };
  }

  /** Every publication that changes it makes another revision of the view. */
  async #countEmbedded({ repositoryId, viewId }: ViewSnapshot, { modelId }: SharedModel): Promise<number> {
    const [row] = await this.#connection.rows<{ embedded: number }>(
      'SELECT embedded FROM sextant.view_models WHERE repository_id = $1 AND view_id = $2 AND model_id = $3',
      [repositoryId, viewId, modelId],
      'embedded',
    );
    return row?.embedded ?? 0;
  }

  async #vectors(): Promise<SharedVectors | undefined> {
    const model = await this.#sharedModel();
    if (model === undefined) return undefined;
    this.#modelVectors ??= new SharedVectors(this.#connection, model);
    return this.#modelVectors;
  }

  /** Asked for again until the shared index knows the model. */
  async #sharedModel(): Promise<SharedModel | undefined> {
    if (this.#fingerprint === undefined) return undefined;
    this.#model ??= findModel(this.#connection, this.#fingerprint);
    try {
      const model = await this.#model;
      if (model === undefined) this.#model = undefined;
      return model;
    } catch (error) {
      this.#model = undefined;
      throw error;
    }
  }

  async #passing(
    { repositoryId }: ViewSnapshot,
    candidates: readonly Candidate[],
    filter: CandidateFilter,
  ): Promise<Candidate[]> {
    const condition = filterCondition(filter, 3);
    const rows = await this.#connection.rows<{ id: number }>(
      `SELECT c.chunk_id AS id FROM ${chunkTables}
       WHERE c.repository_id = $1 AND c.chunk_id = ANY ($2::bigint[]) ${condition.sql}`,
      [repositoryId, bigintArray(candidates.map(({ chunkId }) => chunkId)), ...condition.values],
    );
    const passing = new Set(rows.map(({ id }) => id));
    return candidates.filter(({ chunkId }) => passing.has(chunkId));
  }

  /** `prepared`: name of the statement where nothing is filtered, for planning it takes longer than running it. */
  async #symbolHits(
    match: string,
    name: string,
    limit: number,
    filter: CandidateFilter,
    prepared: string | undefined,
  ): Promise<SymbolHit[]> {
    const view = await this.#view.snapshot();
    const condition = filterCondition(filter, 5, { kind: 's.kind' });
    const filtered = condition.sql !== '';
    const files = `JOIN sextant.files f ON f.repository_id = s.repository_id AND f.file_id = s.file_id`;
    const rows = await this.#connection.rows<SymbolHit>(
      `SELECT s.chunk_id AS "chunkId", s.name, s.kind, s.line FROM sextant.symbols s
       JOIN sextant.view_files v ON v.repository_id = s.repository_id AND v.view_id = $2 AND v.file_id = s.file_id
       ${filtered ? files : ''}
       WHERE s.repository_id = $1 AND ${match} ${condition.sql}
       ORDER BY lower(s.name) COLLATE "C", s.chunk_id, s.place LIMIT $4`,
      [view.repositoryId, view.viewId, name, limit, ...condition.values],
      filtered ? undefined : prepared,
    );
    return rows.filter(({ chunkId }) => isAlive(view, chunkId));
  }

  #readChunks<R extends ChunkHead>(
    { repositoryId }: ViewSnapshot,
    chunkIds: readonly number[],
    columns: string,
    name: string,
  ): Promise<R[]> {
    return this.#connection.rows<R>(
      `SELECT ${columns} FROM unnest($2::bigint[]) AS w (chunk_id)
       JOIN sextant.chunks c ON c.repository_id = $1 AND c.chunk_id = w.chunk_id
       JOIN sextant.files f ON f.repository_id = $1 AND f.file_id = c.file_id`,
      [repositoryId, bigintArray(chunkIds)],
      name,
    );
  }

  async #chunksWhere(where: string, values: readonly unknown[]): Promise<ChunkRow[]> {
    const view = await this.#view.snapshot();
    const rows = await this.#connection.rows<ChunkRow>(
      `SELECT ${chunkColumns} FROM ${chunkTables} WHERE c.repository_id = $1 AND ${where} ORDER BY c.start_line, c.chunk_id`,
      [view.repositoryId, ...values],
    );
    return rows.filter(({ chunkId }) => isAlive(view, chunkId));
  }
}
