import { Slots, type BlockRow, type Blocks, type PostingList } from './blockScoring.ts';
import type { ChunkMasks } from './chunkMask.ts';
import { lengthsOf } from './keywordWriter.ts';
import { forEachRecord, hashOfTerm, rowOf } from './postingCodec.ts';
import type { CandidateFilter, FieldWeights, KeywordMatches } from './searchIndex.ts';
import { lengthTable, postingTable } from './searchTables.ts';
import { stateOf, StatementCache, type Sqlite } from './sqlite.ts';

interface LengthRow extends Omit<BlockRow, 'lengths'> {
  readonly data: Buffer;
}

/** Rows of postings that are kept at most: who types searches for the same words again and again. */
const mostKeptBytes = 16 * 1024 * 1024;
/** Of a row that is kept, or is known not to be there. */
const keptOverhead = 250;

/** The chunks that are there, as of one state of the database. */
interface Present {
  readonly state: string;
  readonly blocks: Blocks;
  readonly slots: Slots;
  /** Rows of postings read so far; undefined where there is none. */
  readonly rows: Map<number, Buffer | undefined>;
  keptBytes: number;
}

/** BM25 over all chunks of a set that hold any of the terms; see {@link Slots.best}. */
export class KeywordSearch {
  readonly #masks: ChunkMasks;
  readonly #statements: StatementCache;
  readonly #postings: string;
  readonly #lengths: string;
  #known: Present | undefined;

  /** `masks`: of the same set. */
  constructor(db: Sqlite, masks: ChunkMasks, chunkSetId: number) {
    this.#statements = new StatementCache(db);
    this.#masks = masks;
    this.#postings = postingTable(chunkSetId);
    this.#lengths = lengthTable(chunkSetId);
  }

  search(terms: readonly string[], weights: FieldWeights, limit: number, filter: CandidateFilter): KeywordMatches {
    const present = this.#present();
    const { slots } = present;
    const matches = new Map(
      [...this.#postingsOf([...new Set(terms)], present)].map(([term, lists]) => [term, slots.matches(lists, weights)]),
    );
    return slots.keywordMatches(slots.best(matches.values(), limit, this.#masks.of(filter)), terms, matches);
  }

  /** Read anew where this connection or another has changed anything. */
  #present(): Present {
    const state = stateOf(this.#statements);
    if (this.#known?.state !== state) {
      const rows = this.#statements
        .get(`SELECT block, used, alive, tokens, data FROM ${this.#lengths} ORDER BY block`)
        .all() as LengthRow[];
      const blocks = new Map(rows.map(({ data, ...row }) => [row.block, { ...row, lengths: lengthsOf(data) }]));
      this.#known = { state, blocks, slots: new Slots(blocks), rows: new Map(), keptBytes: 0 };
    }
    return this.#known;
  }

  #postingsOf(terms: readonly string[], present: Present): Map<string, readonly PostingList[]> {
    const { blocks, rows } = present;
    const hashes = terms.map((term) => [term, hashOfTerm(term)] as const);
    this.#read(present, new Set([...blocks.keys()].flatMap((block) => hashes.map(([, hash]) => rowOf(block, hash)))));
    const found = new Map<string, readonly PostingList[]>();
    for (const [term, hash] of hashes) {
      const lists: PostingList[] = [];
      for (const block of blocks.keys()) {
        const row = rows.get(rowOf(block, hash));
        if (row === undefined) continue;
        forEachRecord(row, hash, (postings, count) => lists.push({ block, count, postings }));
      }
      found.set(term, lists);
    }
    if (present.keptBytes > mostKeptBytes) {
      rows.clear();
      present.keptBytes = 0;
    }
    return found;
  }

  #read(present: Present, ids: ReadonlySet<number>): void {
    const { rows } = present;
    const missing = [...ids].filter((id) => !rows.has(id));
    if (missing.length === 0) return;
    const read = this.#statements
      .get(`SELECT p.id, p.data FROM json_each(?) j CROSS JOIN ${this.#postings} p ON p.id = j.value`)
      .all(JSON.stringify(missing)) as { id: number; data: Buffer }[];
    for (const id of missing) rows.set(id, undefined);
    for (const { id, data } of read) {
      rows.set(id, data);
      present.keptBytes += data.byteLength;
    }
    present.keptBytes += missing.length * keptOverhead;
  }
}
