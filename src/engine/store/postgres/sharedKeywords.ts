import { bestOf, counted, matchesOf, scoreBlocks, type PostingList, type TermPostings } from '../blockScoring.ts';
import { forEachRecord, hashOfTerm } from '../postingCodec.ts';
import type { Candidate, FieldWeights, KeywordMatches } from '../searchIndex.ts';
import { ByteCache } from './byteCache.ts';
import type { PostgresConnection } from './postgresConnection.ts';
import type { ViewSnapshot } from './sharedView.ts';
import { sharedBucketMask } from './sharedWriter.ts';

const cacheBytes = 64 * 1024 * 1024;
const empty = new Uint8Array(0);

type Passing = (candidates: readonly Candidate[]) => Promise<Candidate[]>;

/** BM25 over a view, by the very code that scores SQLite's postings; rows of postings never change, so they are kept. */
export class SharedKeywords {
  readonly #connection: PostgresConnection;
  /** By {@link rowKey}. */
  readonly #cache = new ByteCache<Uint8Array>(cacheBytes, (data) => data.byteLength + 100);

  constructor(connection: PostgresConnection) {
    this.#connection = connection;
  }

  /** `passing`: those of the candidates that the filter lets through; absent without a filter. */
  async search(
    view: ViewSnapshot,
    terms: readonly string[],
    weights: FieldWeights,
    limit: number,
    passing: Passing | undefined,
  ): Promise<KeywordMatches> {
    const postings = await this.#postingsOf(view, [...new Set(terms)]);
    return matchesOf(await bestPassing(view, postings, weights, limit, passing), terms, postings);
  }

  async #postingsOf(view: ViewSnapshot, terms: readonly string[]): Promise<Map<string, TermPostings>> {
    const hashes = terms.map((term) => [term, hashOfTerm(term)] as const);
    const buckets = [...new Set(hashes.map(([, hash]) => hash & sharedBucketMask))];
    const rows = await this.#rows(view, buckets);
    return new Map(
      hashes.map(([term, hash]) => {
        const lists: PostingList[] = [];
        for (const block of view.blocks.keys()) {
          const row = rows.get(rowKey(block, hash & sharedBucketMask));
          if (row === undefined) continue;
          forEachRecord(row, hash, (postings, count) => lists.push({ block, count, postings }));
        }
        return [term, counted(lists, view.blocks)];
      }),
    );
  }

  /** Whole buckets are read, of all segments in which one of them is missing: that takes the shortest question. */
  async #rows({ repositoryId, blocks }: ViewSnapshot, buckets: readonly number[]): Promise<Map<number, Uint8Array>> {
    const rows = new Map<number, Uint8Array>();
    const [missingBlocks, missingBuckets] = [new Set<number>(), new Set<number>()];
    for (const block of blocks.keys()) {
      for (const bucket of buckets) {
        const key = rowKey(block, bucket);
        const known = this.#cache.get(key);
        if (known !== undefined) rows.set(key, known);
        else {
          missingBlocks.add(block);
          missingBuckets.add(bucket);
        }
      }
    }
    if (missingBlocks.size === 0) return rows;
    const read = await this.#connection.rows<{ segment: number; bucket: number; data: Buffer }>(
      `SELECT segment_id AS segment, bucket, data FROM sextant.postings
       WHERE repository_id = $1 AND segment_id = ANY ($2::bigint[]) AND bucket = ANY ($3::integer[])`,
      [repositoryId, [...missingBlocks], [...missingBuckets]],
      'postings',
    );
    const found = new Map(read.map(({ segment, bucket, data }) => [rowKey(segment, bucket), data]));
    for (const block of missingBlocks) {
      for (const bucket of missingBuckets) {
        const key = rowKey(block, bucket);
        // That there is nothing is worth remembering too.
        const data = found.get(key) ?? empty;
        rows.set(key, data);
        this.#cache.add(key, data);
      }
    }
    return rows;
  }
}

async function bestPassing(
  { blocks }: ViewSnapshot,
  postings: ReadonlyMap<string, TermPostings>,
  weights: FieldWeights,
  limit: number,
  passing: Passing | undefined,
): Promise<Candidate[]> {
  if (limit <= 0) return [];
  const scored = scoreBlocks(blocks, postings.values(), weights);
  if (passing === undefined) return bestOf(scored, limit).best;
  for (let wanted = limit * 4; ; wanted *= 4) {
    const { best, found } = bestOf(scored, wanted);
    const kept = await passing(best);
    if (kept.length >= limit || wanted >= found) return kept.slice(0, limit);
  }
}

/** One number for both: segments stay below 2^42. */
function rowKey(segment: number, bucket: number): number {
  return segment * (sharedBucketMask + 1) + bucket;
}
