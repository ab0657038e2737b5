/**
 * What is said about the code: commits, issues, pull requests and comments.
 *
 * - `history_sources`: a git repository of the folder, a project on a forge, or an imported file; `state` is where the next
 *   reading goes on, as JSON.
 * - `history_items`: `content_hash` covers kind, author and text. Moods and vectors hang on it, so that an item that goes and comes
 *   back (a branch switch, a rewritten history) costs nothing.
 * - `history_terms` holds index terms (`text/codeTokens.ts`), joined by blanks, and none of the text. FTS5 rather than our own
 *   postings: at some ten thousand short texts its 2 µs a matching row are a few milliseconds. It keeps the places of words: without
 *   them bm25() is 0 in a table without content.
 * - The signs of the vectors lie in one vec0 table a model, made when the model is first used.
 */
export const sql = `
CREATE TABLE history_sources (
  id INTEGER PRIMARY KEY,
  kind TEXT NOT NULL CHECK (kind IN ('git', 'forge', 'file')),
  name TEXT NOT NULL,
  state TEXT NOT NULL DEFAULT '{}',
  UNIQUE (kind, name)
);

CREATE TABLE history_authors (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  email TEXT NOT NULL,
  UNIQUE (name, email)
);

CREATE TABLE history_paths (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE);

CREATE TABLE history_items (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source_id INTEGER NOT NULL REFERENCES history_sources (id),
  kind TEXT NOT NULL CHECK (kind IN ('commit', 'issue', 'pullRequest', 'comment')),
  key TEXT NOT NULL,
  author_id INTEGER NOT NULL REFERENCES history_authors (id),
  at INTEGER NOT NULL,
  merge INTEGER NOT NULL,
  title TEXT NOT NULL,
  body TEXT NOT NULL,
  details TEXT NOT NULL,
  content_hash BLOB NOT NULL CHECK (length(content_hash) = 16),
  UNIQUE (source_id, key)
);
CREATE INDEX history_items_at ON history_items (at);
CREATE INDEX history_items_key ON history_items (key);
CREATE INDEX history_items_content ON history_items (content_hash);

CREATE TABLE history_item_files (
  item_id INTEGER NOT NULL REFERENCES history_items (id) ON DELETE CASCADE,
  path_id INTEGER NOT NULL REFERENCES history_paths (id),
  change TEXT NOT NULL,
  PRIMARY KEY (item_id, path_id)
) WITHOUT ROWID;
CREATE INDEX history_item_files_path ON history_item_files (path_id);

CREATE TABLE history_moods (
  classifier TEXT NOT NULL,
  content_hash BLOB NOT NULL,
  label TEXT NOT NULL CHECK (label IN ('negative', 'neutral', 'positive')),
  negative REAL NOT NULL,
  positive REAL NOT NULL,
  skipped TEXT,
  PRIMARY KEY (classifier, content_hash)
) WITHOUT ROWID;

CREATE TABLE history_vectors (
  model_id INTEGER NOT NULL REFERENCES models (id),
  content_hash BLOB NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (model_id, content_hash)
) WITHOUT ROWID;

CREATE VIRTUAL TABLE history_terms USING fts5 (
  title, body, files, content = '', contentless_delete = 1, tokenize = 'unicode61 remove_diacritics 0'
);
`;
