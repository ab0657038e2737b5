import { Slots, type DecodedMatches, type PostingList, type TermMatches } from '../blockScoring.ts';
import { forEachRecord, hashOfTerm } from '../postingCodec.ts';
import type { Candidate, FieldWeights, KeywordMatches } from '../searchIndex.ts';
import { ByteCache } from './byteCache.ts';
import type { PostgresConnection } from './postgresConnection.ts';
import type { ViewSnapshot } from './sharedView.ts';
import { sharedBucketMask } from './sharedWriter.ts';

const cacheBytes = { rows: 64 * 1024 * 1024, terms: 32 * 1024 * 1024 } as const;
/** What an object takes besides its bytes. */
const overhead = 100;
const empty = new Uint8Array(0);

type Passing = (candidates: readonly Candidate[]) => Promise<Candidate[]>;

/** What was worked out for one view and these weights. */
interface Known {
  readonly view: ViewSnapshot;
  readonly weights: FieldWeights;
  readonly slots: Slots;
  readonly terms: Map<string, DecodedMatches>;
  /** Of all that is in `terms`. */
  bytes: number;
}

/**
 * BM25 over a view, by the very code that scores SQLite's postings. Rows of postings never change, so they are kept, and the terms found in
 * them as long as the view is the same.
 */
export class SharedKeywords {
  readonly #connection: PostgresConnection;
  /** By {@link rowKey}. */
  readonly #cache = new ByteCache<Uint8Array>(cacheBytes.rows, (data) => data.byteLength + overhead);
  #known: Known | undefined;

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
    if (this.#known?.view !== view || this.#known.weights !== weights) {
      this.#known = { view, weights, slots: new Slots(view.blocks), terms: new Map(), bytes: 0 };
    }
    const known = this.#known;
    const matches = await this.#matchesOf(known, [...new Set(terms)]);
    return known.slots.keywordMatches(await best(known.slots, matches, limit, passing), terms, matches);
  }

  async #matchesOf(known: Known, terms: readonly string[]): Promise<Map<string, TermMatches>> {
    const { view, weights, slots } = known;
    const missing = terms.filter((term) => !known.terms.has(term));
    const matches = new Map(terms.map((term) => [term, known.terms.get(term)]));
    const hashes = missing.map(hashOfTerm);
    const rows = await this.#rows(view, [...new Set(hashes.map((hash) => hash & sharedBucketMask))]);
    for (const [i, term] of missing.entries()) {
      const found = slots.decoded(listsIn(rows, view, hashes[i]!), weights);
      matches.set(term, found);
      remember(known, term, found);
    }
    return new Map(terms.map((term) => [term, matches.get(term)!]));
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
    const read = await this.#connection.rows<{ segment: number; bucket: number; data: string }>(
      `SELECT segment_id AS segment, bucket, encode(data, 'base64') AS data FROM sextant.postings
       WHERE repository_id = $1 AND segment_id = ANY ($2::bigint[]) AND bucket = ANY ($3::integer[])`,
      [repositoryId, [...missingBlocks], [...missingBuckets]],
      'postings',
    );
    const found = new Map(
      read.map(({ segment, bucket, data }) => [rowKey(segment, bucket), Buffer.from(data, 'base64')]),
    );
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

function listsIn(rows: ReadonlyMap<number, Uint8Array>, { blocks }: ViewSnapshot, hash: number): PostingList[] {
  const lists: PostingList[] = [];
  for (const block of blocks.keys()) {
    const row = rows.get(rowKey(block, hash & sharedBucketMask));
    if (row === undefined) continue;
    forEachRecord(row, hash, (postings, count) => lists.push({ block, count, postings }));
  }
  return lists;
}

/** Once they take too much, those that are asked for are worked out anew. */
function remember(known: Known, term: string, matches: DecodedMatches): void {
  known.terms.set(term, matches);
  known.bytes += matches.bytes + overhead;
  if (known.bytes <= cacheBytes.terms) return;
  known.terms.clear();
  known.bytes = 0;
}

async function best(
  slots: Slots,
  matches: ReadonlyMap<string, TermMatches>,
  limit: number,
  passing: Passing | undefined,
): Promise<Candidate[]> {
  const scored = [...matches.values()];
  if (passing === undefined) return slots.best(scored, limit);
  for (let wanted = limit * 4; ; wanted *= 4) {
    // Scored anew each time: other searches go on while the server filters.
    const found = slots.best(scored, wanted);
    const kept = await passing(found);
    if (kept.length >= limit || found.length < wanted) return kept.slice(0, limit);
  }
}

/** One number for both: segments stay below 2^42. */
function rowKey(segment: number, bucket: number): number {
  return segment * (sharedBucketMask + 1) + bucket;
}
