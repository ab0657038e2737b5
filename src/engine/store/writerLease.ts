import Database from 'better-sqlite3';
import type { Sqlite } from './sqlite.ts';
import { translateError } from './sqlite.ts';

/**
 * The right to write one root's index, held by one process at a time. It is the exclusive lock on a small SQLite file beside
 * the database: the operating system drops it with the process, however that ends, so there is never a stale one.
 */
export class WriterLease {
  readonly #file: string;
  #db: Sqlite | undefined;

  constructor(file: string) {
    this.#file = file;
  }

  get held(): boolean {
    return this.#db !== undefined;
  }

  /** Takes the lease when nobody has it; false when another process (or another store in this one) does. */
  tryAcquire(): boolean {
    if (this.#db !== undefined) return true;
    const db = new Database(this.#file, { timeout: 0 });
    try {
      db.exec('BEGIN EXCLUSIVE');
    } catch (error) {
      db.close();
      const translated = translateError(error);
      if (translated instanceof Error && 'code' in translated && translated.code === 'database_busy') return false;
      throw translated;
    }
    this.#db = db;
    return true;
  }

  release(): void {
    const db = this.#db;
    this.#db = undefined;
    db?.close();
  }
}
