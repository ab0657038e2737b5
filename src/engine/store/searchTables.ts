import { bitCount } from './vectorCodec.ts';
import type { Sqlite } from './sqlite.ts';

/** Name of the FTS5 table of a chunk set. */
export function keywordTable(chunkSetId: number): string {
  return `keywords_${chunkSetId}`;
}

/** Name of the fts5vocab table over {@link keywordTable}. */
export function vocabularyTable(chunkSetId: number): string {
  return `vocabulary_${chunkSetId}`;
}

/** Name of the vec0 table of a generation. */
export function vectorTable(generationId: number): string {
  return `vectors_${generationId}`;
}

/**
 * Contentless: the terms come ready from the indexer and the text lies in `chunk_texts`. The ASCII tokenizer only has to cut at
 * spaces, terms being letters and digits.
 */
export function createKeywordTable(db: Sqlite, chunkSetId: number): void {
  db.exec(`
    CREATE VIRTUAL TABLE ${keywordTable(chunkSetId)} USING fts5(
      path, symbol, signature, doc, body, content = '', contentless_delete = 1, tokenize = 'ascii'
    );
    CREATE VIRTUAL TABLE ${vocabularyTable(chunkSetId)} USING fts5vocab(${keywordTable(chunkSetId)}, 'row');
  `);
}

export function dropKeywordTable(db: Sqlite, chunkSetId: number): void {
  db.exec(`
    DROP TABLE IF EXISTS ${vocabularyTable(chunkSetId)};
    DROP TABLE IF EXISTS ${keywordTable(chunkSetId)};
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
