import { appendPosting, blockBits, blockSize, fieldNames, filterPostings, type FieldCounts } from './postingCodec.ts';
import { lengthTable, postingTable } from './searchTables.ts';
import type { Sqlite, Statement } from './sqlite.ts';

/** Index terms of one chunk by field, repetitions kept. */
export type ChunkTerms = Readonly<Record<(typeof fieldNames)[number], readonly string[]>>;

const longestLength = 0xffff;
const highestCount = 0xff;
/** A block in which fewer than this share of the chunks are left is rewritten without the others. */
const leastAlive = 0.5;

interface Block {
  /** Number of terms of each chunk of the block; 0 for one that is gone or was never in this set. */
  readonly lengths: Uint16Array;
  used: number;
  alive: number;
  tokens: number;
}

interface TermPostings {
  count: number;
  readonly bytes: number[];
}

interface Statements {
  readonly append: Statement;
  readonly readBlock: Statement;
  readonly writeBlock: Statement;
}

/**
 * Writes the keyword index of one chunk set: postings by block of chunk ids and term, and the lengths of the chunks. What is
 * added and removed is gathered and written by {@link flush}, within the transaction of the caller; after a rollback
 * {@link discard} must be called. Postings of chunks that are gone stay until their block is rewritten; a length of 0 hides them.
 */
export class KeywordWriter {
  readonly #db: Sqlite;
  readonly #chunkSetId: number;
  readonly #statements: Statements;
  readonly #blocks = new Map<number, Block>();
  /** By block, then by term. */
  #added = new Map<number, Map<string, TermPostings>>();

  constructor(db: Sqlite, chunkSetId: number) {
    this.#db = db;
    this.#chunkSetId = chunkSetId;
    const [postings, lengths] = [postingTable(chunkSetId), lengthTable(chunkSetId)];
    this.#statements = {
      append: db.prepare(
        `INSERT INTO ${postings} (block, term, count, data) VALUES (?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET count = count + excluded.count, data = CAST(data || excluded.data AS BLOB)`,
      ),
      readBlock: db.prepare(`SELECT used, alive, tokens, data FROM ${lengths} WHERE block = ?`),
      writeBlock: db.prepare(
        `INSERT OR REPLACE INTO ${lengths} (block, used, alive, tokens, data) VALUES (?, ?, ?, ?, ?)`,
      ),
    };
  }

  /** Chunks must come in the order of their ids. */
  add(chunkId: number, terms: ChunkTerms): void {
    const localId = chunkId & (blockSize - 1);
    const blockId = chunkId >> blockBits;
    const counts = new Map<string, FieldCounts>();
    let length = 0;
    for (const [field, name] of fieldNames.entries()) {
      for (const term of terms[name]) {
        let of = counts.get(term);
        if (of === undefined) counts.set(term, (of = new Uint8Array(fieldNames.length)));
        if (of[field]! < highestCount) of[field]! += 1;
        length += 1;
      }
    }
    const postings = this.#postingsOf(blockId);
    for (const [term, of] of counts) {
      let entry = postings.get(term);
      if (entry === undefined) postings.set(term, (entry = { count: 0, bytes: [] }));
      entry.count += 1;
      appendPosting(entry.bytes, localId, of);
    }
    const block = this.#block(blockId);
    // Zero means gone, so a chunk without a single term counts as one of length one.
    block.lengths[localId] = Math.min(longestLength, Math.max(1, length));
    block.used += 1;
    block.alive += 1;
    block.tokens += block.lengths[localId];
  }

  remove(chunkId: number): void {
    const localId = chunkId & (blockSize - 1);
    const block = this.#block(chunkId >> blockBits);
    if (block.lengths[localId] === 0) return;
    block.alive -= 1;
    block.tokens -= block.lengths[localId]!;
    block.lengths[localId] = 0;
  }

  flush(): void {
    for (const [blockId, postings] of this.#added) {
      for (const [term, { count, bytes }] of postings) {
        this.#statements.append.run(blockId, term, count, Buffer.from(bytes));
      }
    }
    for (const [blockId, { used, alive, tokens, lengths }] of this.#blocks) {
      const data = Buffer.from(lengths.buffer, lengths.byteOffset, lengths.byteLength);
      this.#statements.writeBlock.run(blockId, used, alive, tokens, data);
    }
    this.discard();
  }

  discard(): void {
    this.#added = new Map();
    this.#blocks.clear();
  }

  /** Rewrites one block that mostly holds what is gone; false when there is none. Within a transaction, nothing gathered. */
  compact(): boolean {
    const lengths = lengthTable(this.#chunkSetId);
    // The last block is still being filled.
    const row = this.#db
      .prepare(
        `SELECT block, alive, data FROM ${lengths}
         WHERE alive < used * ${leastAlive} AND block < (SELECT max(block) FROM ${lengths}) LIMIT 1`,
      )
      .get() as { block: number; alive: number; data: Buffer } | undefined;
    if (row === undefined) return false;
    const postings = postingTable(this.#chunkSetId);
    if (row.alive === 0) {
      this.#db.prepare(`DELETE FROM ${postings} WHERE block = ?`).run(row.block);
      this.#db.prepare(`DELETE FROM ${lengths} WHERE block = ?`).run(row.block);
      return true;
    }
    const alive = lengthsOf(row.data);
    const update = this.#db.prepare(`UPDATE ${postings} SET count = ?, data = ? WHERE block = ? AND term = ?`);
    const remove = this.#db.prepare(`DELETE FROM ${postings} WHERE block = ? AND term = ?`);
    const rows = this.#db.prepare(`SELECT term, data FROM ${postings} WHERE block = ?`).all(row.block);
    for (const { term, data } of rows as { term: string; data: Buffer }[]) {
      const kept = filterPostings(data, (localId) => alive[localId]! > 0);
      if (kept.count === 0) remove.run(row.block, term);
      else update.run(kept.count, kept.data, row.block, term);
    }
    this.#db.prepare(`UPDATE ${lengths} SET used = alive WHERE block = ?`).run(row.block);
    return true;
  }

  #postingsOf(blockId: number): Map<string, TermPostings> {
    let postings = this.#added.get(blockId);
    if (postings === undefined) this.#added.set(blockId, (postings = new Map<string, TermPostings>()));
    return postings;
  }

  #block(blockId: number): Block {
    let block = this.#blocks.get(blockId);
    if (block !== undefined) return block;
    const row = this.#statements.readBlock.get(blockId) as (Omit<Block, 'lengths'> & { data: Buffer }) | undefined;
    block =
      row === undefined
        ? { lengths: new Uint16Array(blockSize), used: 0, alive: 0, tokens: 0 }
        : { lengths: lengthsOf(row.data), used: row.used, alive: row.alive, tokens: row.tokens };
    this.#blocks.set(blockId, block);
    return block;
  }
}

/** A copy, for a blob may start at an odd address. */
export function lengthsOf(data: Uint8Array): Uint16Array {
  return new Uint16Array(data.slice().buffer, 0, blockSize);
}
