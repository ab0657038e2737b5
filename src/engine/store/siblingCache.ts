import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { StoredEmbedding } from './embeddingWriter.ts';
import { schemaVersion } from './migrate.ts';
import { salvageEmbeddings } from './salvage.ts';
import type { Sqlite, Statement } from './sqlite.ts';

/** The most recently written databases are asked; more would cost more than they are likely to know. */
const mostSiblings = 6;

interface Sibling {
  readonly db: Sqlite;
  readonly find: Statement;
  readonly modelId: number;
}

/** The other databases in the folder of this one, the latest first. */
function siblingFiles(file: string): string[] {
  const folder = path.dirname(file);
  return fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.db') && name !== path.basename(file))
    .map((name) => path.join(folder, name))
    .map((sibling) => ({ sibling, mtimeMs: fs.statSync(sibling, { throwIfNoEntry: false })?.mtimeMs ?? 0 }))
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .slice(0, mostSiblings)
    .map(({ sibling }) => sibling);
}

/** Undefined for a database that cannot be read or does not know the model: borrowing is a favour, never a duty. */
function openSibling(file: string, fingerprint: string): Sibling | undefined {
  let db: Sqlite | undefined;
  try {
    db = new Database(file, { readonly: true, timeout: 100 });
    if (db.pragma('user_version', { simple: true }) === schemaVersion) {
      const modelId = db.prepare('SELECT id FROM models WHERE fingerprint = ?').pluck().get(fingerprint);
      const find = db.prepare(
        'SELECT text_hash AS textHash, body_hash AS bodyHash, vector FROM embeddings WHERE model_id = ? AND text_hash = ?',
      );
      if (typeof modelId === 'number') return { db, find, modelId };
    }
  } catch {
    // Closed below.
  }
  db?.close();
  return undefined;
}

/**
 * Embeddings that lie in other databases: a worktree or a second clone need not embed what the first did, nor an index that
 * is built again what can still be read of the damaged one.
 */
export class SiblingCache {
  readonly #siblings: Sibling[];
  readonly #salvaged: ReadonlyMap<string, StoredEmbedding>;

  /** `damagedCopy`: the damaged database that this one replaces, where it does. */
  constructor(file: string, fingerprint: string, damagedCopy: string | undefined) {
    const opened = siblingFiles(file).map((sibling) => openSibling(sibling, fingerprint));
    this.#siblings = opened.filter((sibling) => sibling !== undefined);
    this.#salvaged = damagedCopy === undefined ? new Map() : salvageEmbeddings(damagedCopy, fingerprint);
  }

  get empty(): boolean {
    return this.#siblings.length === 0 && this.#salvaged.size === 0;
  }

  find(textHash: Uint8Array): StoredEmbedding | undefined {
    for (const { find, modelId } of this.#siblings) {
      try {
        const found = find.get(modelId, textHash) as StoredEmbedding | undefined;
        if (found !== undefined) return found;
      } catch {
        // Damaged or busy: its own window sees to it.
      }
    }
    return this.#salvaged.get(Buffer.from(textHash).toString('hex'));
  }

  close(): void {
    for (const { db } of this.#siblings) db.close();
  }
}
