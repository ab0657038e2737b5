import { bitCount } from './vectorCodec.ts';
import type { Sqlite } from './sqlite.ts';

/** Name of the table of a chunk set's postings. */
export function postingTable(chunkSetId: number): string {
  return `postings_${chunkSetId}`;
}

/** Name of the table with the lengths of a chunk set's chunks. */
export function lengthTable(chunkSetId: number): string {
  return `lengths_${chunkSetId}`;
}

/** Name of the vec0 table of a generation. */
export function vectorTable(generationId: number): string {
  return `vectors_${generationId}`;
}

/**
 * The keyword index of a set, see `postingCodec.ts`. Our own rather than FTS5: FTS5 takes about 2 µs for every row that holds any
 * word of a question, 60 to 250 ms at 100,000 chunks, where the whole search has 15; this takes 20 ns.
 */
export function createKeywordTables(db: Sqlite, chunkSetId: number): void {
  db.exec(`
    CREATE TABLE ${postingTable(chunkSetId)} (id INTEGER PRIMARY KEY, data BLOB NOT NULL);
    CREATE TABLE ${lengthTable(chunkSetId)} (
      block INTEGER PRIMARY KEY, used INTEGER NOT NULL, alive INTEGER NOT NULL, tokens INTEGER NOT NULL,
      merged INTEGER NOT NULL DEFAULT 0, data BLOB NOT NULL
    );
  `);
}

export function dropKeywordTables(db: Sqlite, chunkSetId: number): void {
  db.exec(`
    DROP TABLE IF EXISTS ${postingTable(chunkSetId)};
    DROP TABLE IF EXISTS ${lengthTable(chunkSetId)};
  `);
}

/** Only the signs of the vectors: they are what is scanned. The vectors themselves lie in `embeddings`. */
export function createVectorTable(db: Sqlite, generationId: number, dimension: number): void {
  db.exec(`
    CREATE VIRTUAL TABLE ${vectorTable(generationId)} USING vec0(
      chunk_id INTEGER PRIMARY KEY,
      signs BIT[${bitCount(dimension)}],
      language_id INTEGER,
      kind_id INTEGER,
      scope_id INTEGER
    );
  `);
}

export function dropVectorTable(db: Sqlite, generationId: number): void {
  db.exec(`DROP TABLE IF EXISTS ${vectorTable(generationId)}`);
}
