import type { ModelIdentity } from './catalog.ts';

/**
 * The form in which an index travels: a SQLite file of plain tables without indexes, with exactly these columns.
 * What is not listed stays at home: times, other models' embeddings, history, and everything a later version may add. Raised
 * by one whenever the tables or the meaning of a column (the codec of the postings, of the vectors) change.
 */
export const portableFormat = 1;
export const portableTables = {
  labels: 'id, name',
  files: 'id, path, size, content_hash, language_id, scope_id, degraded, chunk_count',
  chunks: 'id, file_id, kind_id, definition, start_line, end_line, start_offset, end_offset, text_hash, name, symbol',
  chunk_texts: 'chunk_id, signature, doc, text',
  symbols: 'id, chunk_id, name, kind_id, line',
  embeddings: 'id, text_hash, body_hash, vector',
  chunk_embeddings: 'chunk_id, embedding_id',
  postings: 'id, data',
  lengths: 'block, used, alive, tokens, merged, data',
} as const;
export type PortableTable = keyof typeof portableTables;

/** What an index was made by. */
export interface PortableModel {
  readonly chunkerVersion: string;
  readonly model: ModelIdentity;
}

export interface PortableContents extends PortableModel {
  readonly files: number;
  readonly chunks: number;
  readonly embedded: number;
  /** Files that were left out because of what stands in them. */
  readonly withheld: number;
}
