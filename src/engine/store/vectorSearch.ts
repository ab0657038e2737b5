import { conditionOf, type Condition } from './candidateFilter.ts';
import type { Generation } from './catalog.ts';
import type { ChunkMasks } from './chunkMask.ts';
import { GenerationSigns, type SignLimits } from './generationSigns.ts';
import type { Labels } from './labels.ts';
import type { Candidate, CandidateFilter } from './searchIndex.ts';
import { vectorTable } from './searchTables.ts';
import { bitCount, cosineWithStored, decodeVector, signBits } from './vectorCodec.ts';
import { VectorSample } from './vectorSample.ts';
import { StatementCache, type Sqlite } from './sqlite.ts';

/** vec0 refuses more. */
const largestK = 4096;
/** How many of the nearest by signs are rescored, per result wanted, and at least. */
const rescoreFactor = 2;
const leastRescored = 256;
/** Instead of that, of those whose cosine was estimated already; as many as are wanted, so that a team's index brings up the same. */
const leastEstimated = 200;
/** Up to this many candidates all are rescored: faster than the scan, and exact. */
const exactBelow = 2000;
/** From this share of all rows on a path filter is cheaper after the scan than within it. */
const broadShare = 0.3;

interface Stored {
  readonly chunkId: number;
  readonly vector: Buffer;
}

interface PlacedVector extends Stored {
  /** Among the chunks asked for. */
  readonly place: number;
}

/**
 * Nearest neighbours in one generation: scan the signs, rescore the nearest with the stored vectors. The signs are scanned in memory;
 * where there are too many, in vec0.
 *
 * vec0 selects the k nearest of each block of rows in O(k · rows), which at k = 500 costs twenty times the scan. A bound on the
 * distance leaves it little to select from, so the distance below which about k rows lie is estimated on a sample first, and
 * widened in the rare case that too few come back.
 */
export class VectorSearch {
  readonly #labels: Labels;
  readonly #masks: ChunkMasks;
  readonly #generation: Generation;
  readonly #sample: VectorSample;
  readonly #signs: GenerationSigns;
  readonly #statements: StatementCache;

  /** `masks`: of the generation's set of chunks. */
  constructor(db: Sqlite, labels: Labels, masks: ChunkMasks, generation: Generation, limits?: SignLimits) {
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#masks = masks;
    this.#generation = generation;
    this.#sample = new VectorSample(db, generation);
    this.#signs = new GenerationSigns(db, generation, limits);
  }

  /** `total`: how many rows the generation has now. */
  search(vector: Float32Array, limit: number, filter: CandidateFilter, total: number): Candidate[] {
    if (total === 0 || limit <= 0) return [];
    const scored = this.#scored(vector, this.#candidates(vector, limit, filter, total));
    return scored.sort((a, b) => b.score - a.score || a.chunkId - b.chunkId).slice(0, limit);
  }

  cosines(vector: Float32Array, chunkIds: readonly number[]): (number | undefined)[] {
    const cosines = new Array<number | undefined>(chunkIds.length).fill(undefined);
    for (const { place, vector: stored } of this.#stored(chunkIds)) cosines[place] = cosineWithStored(vector, stored);
    return cosines;
  }

  embeddings(chunkIds: readonly number[]): Map<number, Float32Array> {
    return this.#decoded(this.#stored(chunkIds));
  }

  /** Up to `limit` chunks above `afterId` with their vectors, in the order of their ids. */
  page(afterId: number, limit: number): Map<number, Float32Array> {
    const rows = this.#statements
      .get(
        `SELECT ce.chunk_id AS chunkId, e.vector FROM chunk_embeddings ce JOIN embeddings e ON e.id = ce.embedding_id
       WHERE ce.generation_id = ? AND ce.chunk_id > ? ORDER BY ce.chunk_id LIMIT ?`,
      )
      .all(this.#generation.id, afterId, limit) as Stored[];
    return this.#decoded(rows);
  }

  #scored(vector: Float32Array, chunkIds: readonly number[]): Candidate[] {
    return this.#stored(chunkIds).map((row) => ({ chunkId: row.chunkId, score: cosineWithStored(vector, row.vector) }));
  }

  #decoded(rows: readonly Stored[]): Map<number, Float32Array> {
    const { dimension } = this.#generation;
    return new Map(rows.map(({ chunkId, vector }) => [chunkId, decodeVector(vector, dimension)]));
  }

  #stored(chunkIds: readonly number[]): PlacedVector[] {
    return this.#statements
      .get(
        `SELECT j.key AS place, ce.chunk_id AS chunkId, e.vector FROM json_each(?) j
       CROSS JOIN chunk_embeddings ce ON ce.generation_id = ? AND ce.chunk_id = j.value
       CROSS JOIN embeddings e ON e.id = ce.embedding_id`,
      )
      .all(JSON.stringify(chunkIds), this.#generation.id) as PlacedVector[];
  }

  #candidates(vector: Float32Array, limit: number, filter: CandidateFilter, total: number): number[] {
    const mask = this.#masks.of(filter);
    const passing = (chunkIds: number[]) => (mask === undefined ? chunkIds : chunkIds.filter((id) => mask.has(id)));
    if (mask !== undefined && mask.size <= exactBelow) return mask.values();
    if (total <= exactBelow) return passing(this.#embedded());
    const here = this.#signs.nearest(vector, Math.max(leastEstimated, limit), mask);
    if (here !== undefined) return here;
    const signs = signBits(vector);
    const wanted = Math.max(leastRescored, limit * rescoreFactor);
    const { bound, share } = this.#sample.estimate(signs, wanted, mask, total);
    const labels = conditionOf(filter, this.#labels, { language: 'language_id', kind: 'kind_id', scope: 'scope_id' });
    const conditions = labels === undefined ? [] : [labels];
    if (filter.fileIds === undefined) return this.#nearest(signs, wanted, bound, conditions, total);
    if (share < broadShare)
      return this.#nearest(signs, wanted, bound, [...conditions, this.#within(filter.fileIds)], total);
    return passing(this.#nearest(signs, Math.ceil(wanted / share), bound, conditions, total));
  }

  #nearest(
    signs: Uint8Array,
    wanted: number,
    start: number,
    conditions: readonly Condition[],
    total: number,
  ): number[] {
    const where = conditions.map(({ sql }) => `AND ${sql}`).join(' ');
    const parameters = conditions.flatMap((condition) => condition.parameters);
    const statement = this.#statements
      .get(
        `SELECT chunk_id FROM ${vectorTable(this.#generation.id)}
       WHERE signs MATCH vec_bit(?) AND k = ? AND distance <= ? ${where}`,
      )
      .pluck();
    const widest = bitCount(this.#generation.dimension);
    const enough = Math.min(wanted, largestK, total);
    const k = Math.min(largestK, wanted * 2);
    for (let bound = start; ; bound = Math.min(widest, bound + Math.ceil(widest / 24))) {
      const found = statement.all(signs, BigInt(k), bound, ...parameters) as number[];
      // Nearest first.
      if (found.length >= enough || bound >= widest) return found.slice(0, enough);
    }
  }

  /** Every embedded chunk; for generations that have few. */
  #embedded(): number[] {
    return this.#statements
      .get('SELECT chunk_id FROM chunk_embeddings WHERE generation_id = ?')
      .pluck()
      .all(this.#generation.id) as number[];
  }

  #within(fileIds: ReadonlySet<number>): Condition {
    return {
      sql: 'chunk_id IN (SELECT c.id FROM json_each(?) j JOIN chunks c ON c.file_id = j.value)',
      parameters: [JSON.stringify([...fileIds])],
    };
  }
}
