import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { StoredEmbedding } from './embeddingWriter.ts';

/** After so many ids in a row that cannot be read there are no more. */
const longestGap = 20_000;

/** The copies of a database that were set aside as damaged. */
export function damagedCopies(file: string): string[] {
  const prefix = `${path.basename(file)}.damaged-`;
  return fs
    .readdirSync(path.dirname(file))
    .filter((name) => name.startsWith(prefix) && !name.endsWith('-wal') && !name.endsWith('-shm'))
    .map((name) => path.join(path.dirname(file), name));
}

/**
 * The embeddings of a model that can still be read from a damaged database, by the hash of their text in hex. Each is looked up
 * by its id, so that a page that is lost costs no more than what lay on it. The tables are those of schema 1.
 */
export function salvageEmbeddings(file: string, fingerprint: string): Map<string, StoredEmbedding> {
  const salvaged = new Map<string, StoredEmbedding>();
  try {
    const db = new Database(file, { readonly: true });
    try {
      // Without this SQLite refuses a file that is shorter than its header says.
      db.unsafeMode(true);
      db.pragma('writable_schema = ON');
      const model = db.prepare('SELECT id, dimension FROM models WHERE fingerprint = ?').get(fingerprint);
      if (model === undefined) return salvaged;
      const { id: modelId, dimension } = model as { id: number; dimension: number };
      const find = db.prepare(
        'SELECT text_hash AS textHash, body_hash AS bodyHash, vector FROM embeddings WHERE id = ? AND model_id = ?',
      );
      for (let id = 1, gap = 0; gap < longestGap; id += 1) {
        gap += 1;
        try {
          const found = find.get(id, modelId) as StoredEmbedding | undefined;
          if (found === undefined) continue;
          gap = 0;
          const whole = found.vector.length === dimension || found.vector.length === 2 * dimension;
          if (whole && found.textHash.length === 16) salvaged.set(Buffer.from(found.textHash).toString('hex'), found);
        } catch {
          // On a page that is lost.
        }
      }
    } finally {
      db.close();
    }
  } catch {
    // Nothing can be read; everything is embedded anew.
  }
  return salvaged;
}
