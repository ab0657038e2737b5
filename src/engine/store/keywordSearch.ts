import {
  bestOf,
  counted,
  scoreBlocks,
  type BlockRow,
  type Blocks,
  type PostingList,
  type TermPostings,
} from './blockScoring.ts';
import { conditionOf } from './candidateFilter.ts';
import { lengthsOf } from './keywordWriter.ts';
import type { Labels } from './labels.ts';
import { forEachRecord, hashOfTerm, rowOf } from './postingCodec.ts';
import type { Candidate, CandidateFilter, FieldWeights } from './searchIndex.ts';
import { lengthTable, postingTable } from './searchTables.ts';
import { StatementCache, type Sqlite } from './sqlite.ts';

/** How many of the best are put through the filter first, per result wanted. */
const filterFactor = 4;

interface LengthRow extends Omit<BlockRow, 'lengths'> {
  readonly data: Buffer;
}

/** BM25 over all chunks of a set that hold any of the terms; see {@link scoreBlocks}. */
export class KeywordSearch {
  readonly #labels: Labels;
  readonly #statements: StatementCache;
  readonly #postings: string;
  readonly #lengths: string;
  /** What the last search read: the ranking asks for the frequencies of words that were just searched for. */
  #last: { readonly blocks: Blocks; readonly frequencies: ReadonlyMap<string, number> } | undefined;

  constructor(db: Sqlite, labels: Labels, chunkSetId: number) {
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#postings = postingTable(chunkSetId);
    this.#lengths = lengthTable(chunkSetId);
  }

  /** Chunks that hold each term. */
  documentFrequencies(terms: readonly string[]): Map<string, number> {
    const blocks = this.#blocks();
    const frequencies = this.#counted(terms, blocks) ?? frequenciesOf(this.#postingsOf(terms, blocks));
    return new Map(terms.map((term) => [term, frequencies.get(term)!]));
  }

  search(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): Candidate[] {
    const blocks = this.#blocks();
    const postings = this.#postingsOf([...new Set(terms)], blocks);
    this.#last = { blocks, frequencies: frequenciesOf(postings) };
    const scored = scoreBlocks(blocks, postings.values(), weights);
    const hasFilter = conditionOf(filter, this.#labels, filterColumns) !== undefined;
    for (let wanted = hasFilter ? limit * filterFactor : limit; ; wanted *= filterFactor) {
      const { best, found } = bestOf(scored, wanted);
      const passing = hasFilter ? this.#passing(best, filter) : best;
      if (passing.length >= limit || wanted >= found) return passing.slice(0, limit);
    }
  }

  /** The frequencies that the last search counted; undefined unless it had all of these terms over the same chunks. */
  #counted(terms: readonly string[], blocks: Blocks): ReadonlyMap<string, number> | undefined {
    const last = this.#last;
    if (last === undefined || !isSame(last.blocks, blocks)) return undefined;
    return terms.every((term) => last.frequencies.has(term)) ? last.frequencies : undefined;
  }

  #blocks(): Map<number, BlockRow> {
    const rows = this.#statements
      .get(`SELECT block, used, alive, tokens, data FROM ${this.#lengths} ORDER BY block`)
      .all() as LengthRow[];
    return new Map(rows.map(({ data, ...row }) => [row.block, { ...row, lengths: lengthsOf(data) }]));
  }

  #postingsOf(terms: readonly string[], blocks: Blocks): Map<string, TermPostings> {
    const hashes = terms.map((term) => [term, hashOfTerm(term)] as const);
    const ids = [...blocks.keys()].flatMap((block) => hashes.map(([, hash]) => rowOf(block, hash)));
    const rows = this.#statements
      .get(`SELECT p.id, p.data FROM json_each(?) j CROSS JOIN ${this.#postings} p ON p.id = j.value`)
      .all(JSON.stringify([...new Set(ids)])) as { id: number; data: Buffer }[];
    const byId = new Map(rows.map(({ id, data }) => [id, data]));
    const found = new Map<string, TermPostings>();
    for (const [term, hash] of hashes) {
      const lists: PostingList[] = [];
      for (const block of blocks.keys()) {
        const row = byId.get(rowOf(block, hash));
        if (row === undefined) continue;
        forEachRecord(row, hash, (postings, count) => lists.push({ block, count, postings }));
      }
      found.set(term, counted(lists, blocks));
    }
    return found;
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

function frequenciesOf(postings: ReadonlyMap<string, TermPostings>): ReadonlyMap<string, number> {
  return new Map([...postings].map(([term, { frequency }]) => [term, frequency]));
}

/** Whatever is written or removed shows in one of the sums. */
function isSame(before: Blocks, now: Blocks): boolean {
  if (before.size !== now.size) return false;
  return [...now.values()].every(({ block, used, alive, tokens }) => {
    const row = before.get(block);
    return row?.used === used && row.alive === alive && row.tokens === tokens;
  });
}

const filterColumns = { language: 'f.language_id', scope: 'f.scope_id', kind: 'c.kind_id', file: 'f.id' };
