import type { Candidate, CandidateFilter, NearCandidate } from '../searchIndex.ts';
import { bigintArray, bytesArray, realArray } from './binaryArray.ts';
import { filterCondition, type FilterCondition } from './filterCondition.ts';
import { decodeHalfVector } from './halfVector.ts';
import type { PostgresConnection } from './postgresConnection.ts';
import { SignReplica } from './signReplica.ts';
import { isAlive, type ViewSnapshot } from './sharedView.ts';
import { signsOf, vectorTable, type SharedModel } from './vectorTable.ts';

/** How many of the nearest by signs the server rescores, per result wanted, and at least: each takes it a look-up. */
const rescoreFactor = 1.25;
const leastRescored = 256;
const mostRescored = 4096;
/** Up to this many chunks all are rescored, and those of up to this many files: as fast as the detour by the signs, and exact. */
const exactBelow = 2000;
const fewFiles = 200;

/** Texts by what is known of them: `$1` is the repository, `$2` the array. */
const byHash = {
  name: 'by_hash',
  tables: 'unnest($2::bytea[]) WITH ORDINALITY AS w (hash, place)',
  hash: 'w.hash',
} as const;
const byChunk = {
  name: 'by_chunk',
  tables: `unnest($2::bigint[]) WITH ORDINALITY AS w (chunk_id, place)
       JOIN sextant.chunks c ON c.repository_id = $1 AND c.chunk_id = w.chunk_id`,
  hash: 'c.text_hash',
} as const;

/**
 * Nearest neighbours among the vectors of one model. Of a small view or a narrow filter the server scores all. Else the nearest are found
 * by their signs: here, as soon as a replica of them is, with the cosines left for the server to tell of those that are ranked; until then,
 * and with a filter, by the server, over its graph or all rows.
 */
export class SharedVectors {
  readonly #connection: PostgresConnection;
  readonly #model: SharedModel;
  readonly #replica: SignReplica;

  constructor(connection: PostgresConnection, model: SharedModel) {
    this.#connection = connection;
    this.#model = model;
    this.#replica = new SignReplica(connection, model);
  }

  async search(
    view: ViewSnapshot,
    vector: Float32Array,
    limit: number,
    filter: CandidateFilter,
  ): Promise<NearCandidate[]> {
    if (vector.length !== this.#model.dimension || limit <= 0) return [];
    const condition = filterCondition(filter, 3);
    if (view.chunks <= exactBelow || (filter.fileIds?.size ?? Infinity) <= fewFiles) {
      const scored = await this.#exact(view, vector, filter);
      return scored.filter(({ chunkId }) => isAlive(view, chunkId)).slice(0, limit);
    }
    const here = condition.sql === '' ? this.#replica.nearest(view, vector, limit) : undefined;
    return here?.map((chunkId) => ({ chunkId, score: undefined })) ?? this.#searchGraph(view, vector, limit, condition);
  }

  async #searchGraph(
    view: ViewSnapshot,
    vector: Float32Array,
    limit: number,
    condition: FilterCondition,
  ): Promise<Candidate[]> {
    for (let wanted = Math.max(leastRescored, Math.ceil(limit * rescoreFactor)); ; wanted *= 4) {
      const near = await this.#rescored(view, vector, Math.min(wanted, mostRescored), condition);
      const alive = near.filter(({ chunkId }) => isAlive(view, chunkId));
      // Other views' chunks may crowd out this one's.
      if (alive.length >= limit || near.length < wanted || wanted >= mostRescored) return alive.slice(0, limit);
    }
  }

  /** The server computes them: a vector takes fifty times the bytes of its cosine on the way. */
  async cosines(
    { repositoryId }: ViewSnapshot,
    vector: Float32Array,
    chunkIds: readonly number[],
  ): Promise<(number | undefined)[]> {
    const { modelId, dimension } = this.#model;
    const cosines = new Array<number | undefined>(chunkIds.length).fill(undefined);
    if (vector.length !== dimension || chunkIds.length === 0) return cosines;
    const hashes = this.#replica.textHashes(chunkIds);
    // By the hashes the server is spared the chunks: half of the work.
    const source = hashes === undefined ? byChunk : byHash;
    const rows = await this.#connection.rows<{ readonly place: number; readonly cosine: number }>(
      // The vector is converted once; written out beside the column it would be for every row.
      `WITH q AS MATERIALIZED (SELECT $3::real[]::halfvec(${dimension}) AS vector)
       SELECT w.place, 1 - (v.vector <=> q.vector) AS cosine
       FROM q CROSS JOIN ${source.tables}
       JOIN ${vectorTable(modelId)} v ON v.repository_id = $1 AND v.text_hash = ${source.hash}`,
      [repositoryId, hashes === undefined ? bigintArray(chunkIds) : bytesArray(hashes), realArray(vector)],
      `cosines_${source.name}_${modelId}`,
    );
    for (const { place, cosine } of rows) cosines[place - 1] = cosine;
    return cosines;
  }

  async embeddings(view: ViewSnapshot, chunkIds: readonly number[]): Promise<Map<number, Float32Array>> {
    const rows = await this.#connection.rows<{ chunkId: number; vector: Buffer }>(
      `SELECT c.chunk_id AS "chunkId", halfvec_send(v.vector) AS vector
       FROM unnest($2::bigint[]) AS w (chunk_id)
       JOIN sextant.chunks c ON c.repository_id = $1 AND c.chunk_id = w.chunk_id
       JOIN ${vectorTable(this.#model.modelId)} v ON v.repository_id = $1 AND v.text_hash = c.text_hash`,
      [view.repositoryId, bigintArray(chunkIds)],
      `embeddings_${this.#model.modelId}`,
    );
    return new Map(rows.map(({ chunkId, vector }) => [chunkId, decodeHalfVector(vector)]));
  }

  /** The nearest by signs, best first. */
  #rescored(
    view: ViewSnapshot,
    vector: Float32Array,
    wanted: number,
    condition: FilterCondition,
  ): Promise<Candidate[]> {
    const { modelId, dimension } = this.#model;
    // The graph is of this repository alone: its number must stand in the text for the planner to see that it fits.
    const repository = String(view.repositoryId);
    const distance = `${signsOf('v.vector', dimension)} <~> ${signsOf(`$1::real[]::halfvec(${dimension})`, dimension)}`;
    const files = 'JOIN sextant.files f ON f.repository_id = c.repository_id AND f.file_id = c.file_id';
    const filtered = condition.sql !== '';
    const passes = `AND EXISTS (SELECT 1 FROM sextant.chunks c ${files}
      WHERE c.repository_id = ${repository} AND c.text_hash = v.text_hash ${condition.sql})`;
    return this.#connection.rows<Candidate>(
      `WITH near AS MATERIALIZED (
         SELECT v.text_hash, v.vector FROM ${vectorTable(modelId)} v
         WHERE v.repository_id = ${repository} ${filtered ? passes : ''} ORDER BY ${distance} LIMIT $2)
       SELECT c.chunk_id AS "chunkId", 1 - (n.vector <=> $1::real[]::halfvec(${dimension})) AS score
       FROM near n JOIN sextant.chunks c ON c.repository_id = ${repository} AND c.text_hash = n.text_hash
       ${filtered ? `${files} WHERE true ${condition.sql}` : ''} ORDER BY score DESC, c.chunk_id`,
      [realArray(vector), wanted, ...condition.values],
      filtered ? undefined : `nearest_${modelId}_${repository}`,
    );
  }

  #exact(view: ViewSnapshot, vector: Float32Array, filter: CandidateFilter): Promise<Candidate[]> {
    const { modelId, dimension } = this.#model;
    const condition = filterCondition(filter, 4);
    return this.#connection.rows<Candidate>(
      `SELECT c.chunk_id AS "chunkId", 1 - (v.vector <=> $1::real[]::halfvec(${dimension})) AS score
       FROM sextant.view_files m
       JOIN sextant.files f ON f.repository_id = m.repository_id AND f.file_id = m.file_id
       JOIN sextant.chunks c ON c.repository_id = m.repository_id AND c.file_id = m.file_id
       JOIN ${vectorTable(modelId)} v ON v.repository_id = m.repository_id AND v.text_hash = c.text_hash
       WHERE m.repository_id = $2 AND m.view_id = $3 ${condition.sql} ORDER BY score DESC, c.chunk_id`,
      [realArray(vector), view.repositoryId, view.viewId, ...condition.values],
    );
  }
}
