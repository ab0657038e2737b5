import { conditionOf } from './candidateFilter.ts';
import { lengthsOf } from './keywordWriter.ts';
import type { Labels } from './labels.ts';
import {
  blockBits,
  blockSize,
  countPostings,
  fieldNames,
  forEachRecord,
  hashOfTerm,
  rowOf,
  scorePostings,
  type PostingScorer,
} from './postingCodec.ts';
import type { Candidate, CandidateFilter, FieldWeights } from './searchIndex.ts';
import { lengthTable, postingTable } from './searchTables.ts';
import { StatementCache, type Sqlite } from './sqlite.ts';
import { TopCandidates } from './topCandidates.ts';

/** Constants of BM25 as FTS5, Lucene and most others have them. */
const k1 = 1.2;
const b = 0.75;
/** How many of the best are put through the filter first, per result wanted. */
const filterFactor = 4;

interface BlockRow {
  readonly block: number;
  readonly used: number;
  readonly alive: number;
  readonly tokens: number;
  readonly data: Buffer;
}

/** The postings of one term in one block; a block may hold several. */
interface PostingList {
  readonly block: number;
  readonly count: number;
  readonly postings: Uint8Array;
}

interface ScoredBlock extends PostingScorer {
  /** Id of the block's first chunk. */
  readonly first: number;
}

/**
 * BM25 over all chunks of a set that hold any of the terms, with weighted fields: the frequency of a term is the sum over the
 * fields of weight times count, the length that of the whole chunk (as FTS5 has it; Robertson and Zaragoza 2009, §3).
 */
export class KeywordSearch {
  readonly #labels: Labels;
  readonly #statements: StatementCache;
  readonly #postings: string;
  readonly #lengths: string;

  constructor(db: Sqlite, labels: Labels, chunkSetId: number) {
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#postings = postingTable(chunkSetId);
    this.#lengths = lengthTable(chunkSetId);
  }

  /** Chunks that hold each term. */
  documentFrequencies(terms: readonly string[]): Map<string, number> {
    const blocks = this.#blocks();
    const lists = this.#postingsOf(terms, blocks);
    return new Map(terms.map((term) => [term, frequencyOf(lists.get(term) ?? [], blocks)]));
  }

  search(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): Candidate[] {
    const scored = this.#score([...new Set(terms)], weights);
    const hasFilter = conditionOf(filter, this.#labels, filterColumns) !== undefined;
    for (let wanted = hasFilter ? limit * filterFactor : limit; ; wanted *= filterFactor) {
      const top = new TopCandidates(wanted);
      let found = 0;
      for (const { first, scores } of scored) {
        for (let i = 0; i < scores.length; i += 1) {
          if (scores[i]! === 0) continue;
          found += 1;
          top.add(first + i, scores[i]!);
        }
      }
      const sorted = top.sorted();
      const passing = hasFilter ? this.#passing(sorted, filter) : sorted;
      if (passing.length >= limit || wanted >= found) return passing.slice(0, limit);
    }
  }

  #score(terms: readonly string[], fieldWeights: FieldWeights): readonly ScoredBlock[] {
    const rows = this.#blocks();
    const total = sum(rows.values(), ({ alive }) => alive);
    if (total === 0) return [];
    const averageLength = sum(rows.values(), ({ tokens }) => tokens) / total;
    const weights = Float64Array.from(fieldNames, (name) => fieldWeights[name]);
    const blocks = new Map<number, ScoredBlock>();
    for (const { block, data } of rows.values()) {
      const scores = new Float32Array(blockSize);
      blocks.set(block, { first: block << blockBits, scores, norms: normsOf(data, averageLength), weights });
    }
    for (const lists of this.#postingsOf(terms, rows).values()) {
      const frequency = frequencyOf(lists, rows);
      // Never negative, unlike the first form of the formula, so a word that stands everywhere does no harm.
      const idf = Math.log(1 + (total - frequency + 0.5) / (frequency + 0.5));
      for (const { block, postings } of lists) scorePostings(postings, idf * (k1 + 1), blocks.get(block)!);
    }
    return [...blocks.values()];
  }

  #blocks(): Map<number, BlockRow> {
    const rows = this.#statements
      .get(`SELECT block, used, alive, tokens, data FROM ${this.#lengths} ORDER BY block`)
      .all() as BlockRow[];
    return new Map(rows.map((row) => [row.block, row]));
  }

  #postingsOf(terms: readonly string[], blocks: ReadonlyMap<number, BlockRow>): Map<string, PostingList[]> {
    const hashes = terms.map((term) => [term, hashOfTerm(term)] as const);
    const ids = [...blocks.keys()].flatMap((block) => hashes.map(([, hash]) => rowOf(block, hash)));
    const rows = this.#statements
      .get(`SELECT p.id, p.data FROM json_each(?) j CROSS JOIN ${this.#postings} p ON p.id = j.value`)
      .all(JSON.stringify([...new Set(ids)])) as { id: number; data: Buffer }[];
    const byId = new Map(rows.map(({ id, data }) => [id, data]));
    const lists = new Map<string, PostingList[]>();
    for (const [term, hash] of hashes) {
      const found: PostingList[] = [];
      for (const block of blocks.keys()) {
        const row = byId.get(rowOf(block, hash));
        if (row === undefined) continue;
        forEachRecord(row, hash, (postings, count) => found.push({ block, count, postings }));
      }
      lists.set(term, found);
    }
    return lists;
  }

  #passing(candidates: readonly Candidate[], filter: CandidateFilter): Candidate[] {
    const condition = conditionOf(filter, this.#labels, filterColumns);
    if (condition === undefined) return [...candidates];
    const ids = JSON.stringify(candidates.map(({ chunkId }) => chunkId));
    const passing = new Set(
      this.#statements
        .get(
          `SELECT c.id FROM json_each(?) j CROSS JOIN chunks c ON c.id = j.value CROSS JOIN files f ON f.id = c.file_id
           WHERE ${condition.sql}`,
        )
        .pluck()
        .all(ids, ...condition.parameters) as number[],
    );
    return candidates.filter(({ chunkId }) => passing.has(chunkId));
  }
}

const filterColumns = { language: 'f.language_id', scope: 'f.scope_id', kind: 'c.kind_id', file: 'f.id' };

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}

/** Chunks that hold the term of these rows; only where chunks are gone must they be counted one by one. */
function frequencyOf(lists: readonly PostingList[], blocks: ReadonlyMap<number, BlockRow>): number {
  return sum(lists, ({ block, count, postings }) => {
    const { used, alive, data } = blocks.get(block)!;
    return used === alive ? count : countPostings(postings, lengthsOf(data));
  });
}

/** See {@link PostingScorer}. */
function normsOf(data: Uint8Array, averageLength: number): Float32Array {
  const lengths = lengthsOf(data);
  const norms = new Float32Array(blockSize);
  const slope = (k1 * b) / averageLength;
  for (let i = 0; i < blockSize; i += 1) norms[i] = lengths[i] === 0 ? Infinity : k1 * (1 - b) + slope * lengths[i]!;
  return norms;
}
