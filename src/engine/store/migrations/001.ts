/**
 * The first schema. The keyword index of a chunk set and the vec0 table of a generation are made when their set or generation is.
 *
 * - `chunk_sets`: the files of the root as one version of the chunker cut them; one serves, another may be in the making.
 * - `generations`: the embeddings of one set by one model; one serves, another may be in the making.
 * - `skipped_files`: files whose content was looked at and left out, so that they are not read again while they do not change.
 * - `embeddings`: content-addressed by model and hash of the embedded text; `body_hash` leaves the path out, so that a file
 *   that was moved finds what it had. Rows outlive the chunks that made them.
 * - Chunk ids are never reused, so that a stale id finds nothing rather than something else.
 */
export const sql = `
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE labels (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);

CREATE TABLE chunk_sets (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  chunker_version TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('serving', 'building', 'retired'))
);
CREATE UNIQUE INDEX chunk_sets_state ON chunk_sets (state) WHERE state <> 'retired';

CREATE TABLE models (
  id INTEGER PRIMARY KEY,
  fingerprint TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  dimension INTEGER NOT NULL CHECK (dimension > 0)
);

CREATE TABLE generations (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  chunk_set_id INTEGER NOT NULL REFERENCES chunk_sets (id),
  model_id INTEGER NOT NULL REFERENCES models (id),
  state TEXT NOT NULL CHECK (state IN ('serving', 'building', 'retired')),
  embedded INTEGER NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX generations_state ON generations (state) WHERE state <> 'retired';

CREATE TABLE files (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  chunk_set_id INTEGER NOT NULL REFERENCES chunk_sets (id),
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ms REAL NOT NULL,
  content_hash TEXT NOT NULL,
  language_id INTEGER NOT NULL REFERENCES labels (id),
  scope_id INTEGER NOT NULL REFERENCES labels (id),
  degraded TEXT,
  chunk_count INTEGER NOT NULL,
  UNIQUE (chunk_set_id, path)
);

CREATE TABLE skipped_files (
  chunk_set_id INTEGER NOT NULL REFERENCES chunk_sets (id) ON DELETE CASCADE,
  path TEXT NOT NULL,
  size INTEGER NOT NULL,
  mtime_ms REAL NOT NULL,
  reason TEXT NOT NULL,
  PRIMARY KEY (chunk_set_id, path)
) WITHOUT ROWID;

CREATE TABLE chunks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  file_id INTEGER NOT NULL REFERENCES files (id) ON DELETE CASCADE,
  kind_id INTEGER NOT NULL REFERENCES labels (id),
  definition INTEGER NOT NULL,
  start_line INTEGER NOT NULL,
  end_line INTEGER NOT NULL,
  start_offset INTEGER NOT NULL,
  end_offset INTEGER NOT NULL,
  text_hash BLOB NOT NULL CHECK (length(text_hash) = 16),
  name TEXT NOT NULL,
  symbol TEXT NOT NULL
);
CREATE INDEX chunks_file ON chunks (file_id);
CREATE INDEX chunks_text_hash ON chunks (text_hash);

CREATE TABLE chunk_texts (
  chunk_id INTEGER PRIMARY KEY REFERENCES chunks (id) ON DELETE CASCADE,
  signature TEXT NOT NULL,
  doc TEXT NOT NULL,
  text TEXT NOT NULL
);

CREATE TABLE symbols (
  id INTEGER PRIMARY KEY,
  chunk_id INTEGER NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
  name TEXT NOT NULL COLLATE NOCASE,
  kind_id INTEGER NOT NULL REFERENCES labels (id),
  line INTEGER NOT NULL
);
CREATE INDEX symbols_name ON symbols (name COLLATE NOCASE);
CREATE INDEX symbols_chunk ON symbols (chunk_id);

CREATE TABLE embeddings (
  id INTEGER PRIMARY KEY,
  model_id INTEGER NOT NULL REFERENCES models (id) ON DELETE CASCADE,
  text_hash BLOB NOT NULL CHECK (length(text_hash) = 16),
  body_hash BLOB CHECK (length(body_hash) = 16),
  vector BLOB NOT NULL,
  used_at INTEGER NOT NULL,
  UNIQUE (model_id, text_hash)
);
CREATE INDEX embeddings_body ON embeddings (model_id, body_hash) WHERE body_hash IS NOT NULL;

CREATE TABLE chunk_embeddings (
  generation_id INTEGER NOT NULL REFERENCES generations (id) ON DELETE CASCADE,
  chunk_id INTEGER NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
  embedding_id INTEGER NOT NULL REFERENCES embeddings (id),
  PRIMARY KEY (generation_id, chunk_id)
) WITHOUT ROWID;
CREATE INDEX chunk_embeddings_chunk ON chunk_embeddings (chunk_id);
CREATE INDEX chunk_embeddings_embedding ON chunk_embeddings (embedding_id);
`;
