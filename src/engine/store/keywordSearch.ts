import { Slots, type BlockRow, type Blocks, type PostingList, type TermMatches } from './blockScoring.ts';
import { conditionOf } from './candidateFilter.ts';
import { lengthsOf } from './keywordWriter.ts';
import type { Labels } from './labels.ts';
import { forEachRecord, hashOfTerm, rowOf } from './postingCodec.ts';
import type { Candidate, CandidateFilter, FieldWeights, KeywordMatches } from './searchIndex.ts';
import { lengthTable, postingTable } from './searchTables.ts';
import { StatementCache, type Sqlite } from './sqlite.ts';

/** How many of the best are put through the filter first, per result wanted. */
const filterFactor = 4;

interface LengthRow extends Omit<BlockRow, 'lengths'> {
  readonly data: Buffer;
}

/** The chunks that are there, as of one state of the database. */
interface Present {
  readonly state: string;
  readonly blocks: Blocks;
  readonly slots: Slots;
}

/** BM25 over all chunks of a set that hold any of the terms; see {@link Slots.best}. */
export class KeywordSearch {
  readonly #labels: Labels;
  readonly #statements: StatementCache;
  readonly #postings: string;
  readonly #lengths: string;
  #known: Present | undefined;

  constructor(db: Sqlite, labels: Labels, chunkSetId: number) {
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#postings = postingTable(chunkSetId);
    this.#lengths = lengthTable(chunkSetId);
  }

  search(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): KeywordMatches {
    const { blocks, slots } = this.#present();
    const matches = new Map(
      [...this.#postingsOf([...new Set(terms)], blocks)].map(([term, lists]) => [term, slots.matches(lists, weights)]),
    );
    return slots.keywordMatches(this.#best(slots, [...matches.values()], limit, filter), terms, matches);
  }

  #best(slots: Slots, matches: readonly TermMatches[], limit: number, filter: CandidateFilter): Candidate[] {
    slots.score(matches);
    const hasFilter = conditionOf(filter, this.#labels, filterColumns) !== undefined;
    for (let wanted = hasFilter ? limit * filterFactor : limit; ; wanted *= filterFactor) {
      const best = slots.top(wanted);
      const passing = hasFilter ? this.#passing(best, filter) : best;
      if (passing.length >= limit || best.length < wanted) return passing.slice(0, limit);
    }
  }

  /** Read anew where this connection or another has changed anything. */
  #present(): Present {
    const { changes, version } = this.#statements
      .get('SELECT total_changes() AS changes, data_version AS version FROM pragma_data_version')
      .get() as { changes: number; version: number };
    const state = `${changes} ${version}`;
    if (this.#known?.state !== state) {
      const rows = this.#statements
        .get(`SELECT block, used, alive, tokens, data FROM ${this.#lengths} ORDER BY block`)
        .all() as LengthRow[];
      const blocks = new Map(rows.map(({ data, ...row }) => [row.block, { ...row, lengths: lengthsOf(data) }]));
      this.#known = { state, blocks, slots: new Slots(blocks) };
    }
    return this.#known;
  }

  #postingsOf(terms: readonly string[], blocks: Blocks): Map<string, readonly PostingList[]> {
    const hashes = terms.map((term) => [term, hashOfTerm(term)] as const);
    const ids = [...blocks.keys()].flatMap((block) => hashes.map(([, hash]) => rowOf(block, hash)));
    const rows = this.#statements
      .get(`SELECT p.id, p.data FROM json_each(?) j CROSS JOIN ${this.#postings} p ON p.id = j.value`)
      .all(JSON.stringify([...new Set(ids)])) as { id: number; data: Buffer }[];
    const byId = new Map(rows.map(({ id, data }) => [id, data]));
    const found = new Map<string, readonly PostingList[]>();
    for (const [term, hash] of hashes) {
      const lists: PostingList[] = [];
      for (const block of blocks.keys()) {
        const row = byId.get(rowOf(block, hash));
        if (row === undefined) continue;
        forEachRecord(row, hash, (postings, count) => lists.push({ block, count, postings }));
      }
      found.set(term, lists);
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

const filterColumns = { language: 'f.language_id', scope: 'f.scope_id', kind: 'c.kind_id', file: 'f.id' };
