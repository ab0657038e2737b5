import { conditionOf } from './candidateFilter.ts';
import { lengthsOf } from './keywordWriter.ts';
import type { Labels } from './labels.ts';
import { blockBits, blockSize, fieldNames, forEachPosting } from './postingCodec.ts';
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
  readonly alive: number;
  readonly tokens: number;
  readonly data: Buffer;
}

interface PostingRow {
  readonly count: number;
  readonly data: Buffer;
}

/** Scores of all chunks by block; 0 where no term occurs or the chunk is gone. */
interface ScoredBlock {
  readonly first: number;
  readonly scores: Float32Array;
}

/**
 * BM25 over all chunks of a set that hold any of the terms, with weighted fields: the frequency of a term is the sum over the
 * fields of weight times count, the length that of the whole chunk (as FTS5 has it; Robertson and Zaragoza 2009, §3).
 */
export class KeywordSearch {
  readonly #labels: Labels;
  readonly #statements: StatementCache;
  readonly #blockSql: string;
  readonly #postingSql: string;

  constructor(db: Sqlite, labels: Labels, chunkSetId: number) {
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#blockSql = `SELECT block, alive, tokens, data FROM ${lengthTable(chunkSetId)} ORDER BY block`;
    this.#postingSql = `SELECT count, data FROM ${postingTable(chunkSetId)} WHERE block = ? AND term = ?`;
  }

  /** Chunks that hold each term; chunks that were deleted lately may be counted still. */
  documentFrequencies(terms: readonly string[]): Map<string, number> {
    const blocks = this.#statements.get(this.#blockSql).all() as BlockRow[];
    const find = this.#statements.get(this.#postingSql);
    const count = (term: string): number =>
      blocks.reduce((sum, { block }) => sum + ((find.get(block, term) as PostingRow | undefined)?.count ?? 0), 0);
    return new Map(terms.map((term) => [term, count(term)]));
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

  #score(terms: readonly string[], fieldWeights: FieldWeights): ScoredBlock[] {
    const weights = Float64Array.from(fieldNames, (name) => fieldWeights[name]);
    const blocks = this.#statements.get(this.#blockSql).all() as BlockRow[];
    const total = blocks.reduce((sum, { alive }) => sum + alive, 0);
    if (total === 0) return [];
    const averageLength = blocks.reduce((sum, { tokens }) => sum + tokens, 0) / total;
    const find = this.#statements.get(this.#postingSql);
    const scored = blocks.map(({ block, data }) => ({
      first: block << blockBits,
      scores: new Float32Array(blockSize),
      norms: normsOf(data, averageLength),
    }));
    for (const term of terms) {
      const rows = blocks.map(({ block }) => find.get(block, term) as PostingRow | undefined);
      const frequency = Math.min(
        total,
        rows.reduce((sum, row) => sum + (row?.count ?? 0), 0),
      );
      // Never negative, unlike the first form of the formula, so a word that stands everywhere does no harm.
      const idf = Math.log(1 + (total - frequency + 0.5) / (frequency + 0.5));
      for (const [i, row] of rows.entries()) {
        if (row === undefined) continue;
        const { scores, norms } = scored[i]!;
        forEachPosting(row.data, weights, (localId, weighted) => {
          // Infinite for a chunk that is gone: it adds nothing.
          scores[localId]! += (idf * weighted * (k1 + 1)) / (weighted + norms[localId]!);
        });
      }
    }
    return scored;
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

/** What the length of each chunk adds to the denominator of BM25. */
function normsOf(data: Uint8Array, averageLength: number): Float32Array {
  const norms = new Float32Array(blockSize);
  for (const [i, length] of lengthsOf(data).entries()) {
    norms[i] = length === 0 ? Infinity : k1 * (1 - b + (b * length) / averageLength);
  }
  return norms;
}
