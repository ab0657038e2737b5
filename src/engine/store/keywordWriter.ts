import { blockBits, blockSize, mergedRow, rowOf, rowsOfBlock } from './postingCodec.ts';
import { lengthTable, postingTable } from './searchTables.ts';
import type { Sqlite, Statement } from './sqlite.ts';
import { BlockPostings, type TermCounts } from './termPostings.ts';

/** A block in which fewer than this share of the chunks are left is rewritten without the others. */
const leastAlive = 0.5;

interface Block {
  /** Number of terms of each chunk of the block; 0 for one that is gone or was never in this set. */
  readonly lengths: Uint16Array;
  /** Chunks whose postings are in the block. */
  used: number;
  alive: number;
  tokens: number;
}

interface Statements {
  readonly append: Statement;
  readonly readBlock: Statement;
  readonly writeBlock: Statement;
}

/**
 * Writes the keyword index of one chunk set: postings (see `postingCodec.ts`) and the lengths of the chunks. What is
 * added and removed is gathered and written by {@link flush}, within the transaction of the caller; after a rollback
 * {@link discard} must be called. Postings of chunks that are gone stay until their block is rewritten; a length of 0 hides them.
 */
export class KeywordWriter {
  readonly #db: Sqlite;
  readonly #chunkSetId: number;
  readonly #statements: Statements;
  readonly #blocks = new Map<number, Block>();
  /** By block. */
  #added = new Map<number, BlockPostings>();

  constructor(db: Sqlite, chunkSetId: number) {
    this.#db = db;
    this.#chunkSetId = chunkSetId;
    const [postings, lengths] = [postingTable(chunkSetId), lengthTable(chunkSetId)];
    this.#statements = {
      append: db.prepare(
        // Joining two blobs makes a text of the same bytes.
        `INSERT INTO ${postings} (id, data) VALUES (?, ?)
         ON CONFLICT DO UPDATE SET data = CAST(data || excluded.data AS BLOB)`,
      ),
      readBlock: db.prepare(`SELECT used, alive, tokens, data FROM ${lengths} WHERE block = ?`),
      writeBlock: db.prepare(
        `INSERT INTO ${lengths} (block, used, alive, tokens, data) VALUES (?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET used = excluded.used, alive = excluded.alive, tokens = excluded.tokens, data = excluded.data`,
      ),
    };
  }

  /** Chunks must come in the order of their ids. */
  add(chunkId: number, terms: TermCounts): void {
    const localId = chunkId & (blockSize - 1);
    const blockId = chunkId >> blockBits;
    this.#postingsOf(blockId).add(localId, terms);
    const { length } = terms;
    const block = this.#block(blockId);
    block.lengths[localId] = length;
    block.used += 1;
    block.alive += 1;
    block.tokens += length;
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
      const rows = postings.rows((hash) => rowOf(blockId, hash));
      for (const [id, bytes] of rows) this.#statements.append.run(id, Buffer.from(bytes));
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

  /**
   * Rewrites one block that is full and not yet merged into one record a term, or that mostly holds what is gone; false when
   * there is none. Within a transaction, nothing gathered.
   */
  compact(): boolean {
    const lengths = lengthTable(this.#chunkSetId);
    // The last block is still being filled.
    const row = this.#db
      .prepare(
        `SELECT block, alive, data FROM ${lengths}
         WHERE (merged = 0 OR alive < used * ${leastAlive}) AND block < (SELECT max(block) FROM ${lengths}) LIMIT 1`,
      )
      .get() as { block: number; alive: number; data: Buffer } | undefined;
    if (row === undefined) return false;
    const postings = postingTable(this.#chunkSetId);
    const range = rowsOfBlock(row.block);
    if (row.alive === 0) {
      this.#db.prepare(`DELETE FROM ${postings} WHERE id >= ? AND id < ?`).run(...range);
      this.#db.prepare(`DELETE FROM ${lengths} WHERE block = ?`).run(row.block);
      return true;
    }
    const alive = lengthsOf(row.data);
    const update = this.#db.prepare(`UPDATE ${postings} SET data = ? WHERE id = ?`);
    const rows = this.#db.prepare(`SELECT id, data FROM ${postings} WHERE id >= ? AND id < ?`).all(...range);
    for (const { id, data } of rows as { id: number; data: Buffer }[]) update.run(mergedRow(data, alive), id);
    this.#db.prepare(`UPDATE ${lengths} SET used = alive, merged = 1 WHERE block = ?`).run(row.block);
    return true;
  }

  #postingsOf(blockId: number): BlockPostings {
    let postings = this.#added.get(blockId);
    if (postings === undefined) this.#added.set(blockId, (postings = new BlockPostings()));
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
  return new Uint16Array(new Uint8Array(data).buffer, 0, blockSize);
}
