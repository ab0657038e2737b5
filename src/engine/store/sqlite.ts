import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { SextantError } from '../../shared/errors.ts';

export type Sqlite = Database.Database;
export type Statement = Database.Statement;

/** How long a writer waits for another process's transaction. One batch takes well below a second. */
const busyTimeoutMs = 5000;

/** Prepared statements by their text; bounded, for filters make many texts. */
export class StatementCache {
  readonly #db: Sqlite;
  readonly #statements = new Map<string, Statement>();

  constructor(db: Sqlite) {
    this.#db = db;
  }

  get(sql: string): Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      if (this.#statements.size >= 200) this.#statements.clear();
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** Is another one as soon as this connection or another has changed anything. */
export function stateOf(statements: StatementCache): string {
  const { changes, version } = statements
    .get('SELECT total_changes() AS changes, data_version AS version FROM pragma_data_version')
    .get() as { changes: number; version: number };
  return `${changes} ${version}`;
}

export interface Connection {
  readonly db: Sqlite;
  /** Version of sqlite-vec, or why it could not be loaded; keyword search works without it. */
  readonly vec: { readonly version: string } | { readonly reason: string };
}

function loadVec(db: Sqlite): Connection['vec'] {
  try {
    // In a packaged extension the library lies outside of the bundle, where SQLite finds it by its real path.
    db.loadExtension(sqliteVec.getLoadablePath());
    const row = db.prepare('SELECT vec_version() AS version').get() as { version: string };
    return { version: row.version };
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}

/** Opens a database for reading and writing with the settings that every connection of Sextant has. */
export function openConnection(file: string): Connection {
  const db = new Database(file, { timeout: busyTimeoutMs });
  try {
    db.pragma('journal_mode = WAL');
    // In WAL mode NORMAL never corrupts: a power cut may lose the last transactions, which are then indexed again.
    db.pragma('synchronous = NORMAL');
    db.pragma('foreign_keys = ON');
    db.pragma('cache_size = -32000');
    db.pragma('mmap_size = 268435456');
    db.pragma('journal_size_limit = 16777216');
    return { db, vec: loadVec(db) };
  } catch (error) {
    db.close();
    throw error;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error) || !('code' in error)) return '';
  return typeof error.code === 'string' ? error.code : '';
}

/** True where the file is not a database or holds pages that cannot be: only building it anew helps. */
export function isDamage(error: unknown): boolean {
  if (error instanceof SextantError) return error.code === 'database_damaged';
  const code = codeOf(error);
  return code.startsWith('SQLITE_CORRUPT') || code.startsWith('SQLITE_NOTADB') || code === 'SQLITE_IOERR_SHORT_READ';
}

/** Gives what SQLite throws the code and the words for the user; other errors pass unchanged. */
export function translateError(error: unknown): unknown {
  if (error instanceof SextantError) return error;
  const code = codeOf(error);
  const cause = { cause: error };
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new SextantError('disk_full', 'The disk that holds the index is full.', {
      hint: 'Free some space; indexing goes on by itself and nothing is lost.',
      ...cause,
    });
  }
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new SextantError('database_busy', 'Another process is writing to the index.', {
      hint: 'Try again in a moment.',
      ...cause,
    });
  }
  if (isDamage(error)) {
    return new SextantError('database_damaged', 'The index is damaged and is built again.', cause);
  }
  return error;
}

/** Runs `work` and lets its SQLite errors out translated. */
export function translated<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw translateError(error);
  }
}
