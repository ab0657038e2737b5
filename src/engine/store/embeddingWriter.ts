import { SextantError } from '../../shared/errors.ts';
import type { Generation, ModelIdentity } from './catalog.ts';
import type { FileWriter } from './fileWriter.ts';
import { encodeVector, isStorable } from './vectorCodec.ts';
import type { Sqlite, Statement } from './sqlite.ts';

/** A chunk of a generation's set that has no embedding there yet. */
export interface PendingChunk {
  readonly chunkId: number;
  readonly path: string;
  readonly textHash: Buffer;
  /** Length of the text, for sharing out the work. */
  readonly characters: number;
}

export interface NewEmbedding {
  readonly textHash: Uint8Array;
  readonly bodyHash?: Uint8Array;
  /** L2-normalised, `[dimension]`. */
  readonly vector: Float32Array;
}

/** An embedding as another database of ours holds it. */
export interface StoredEmbedding {
  readonly textHash: Uint8Array;
  readonly bodyHash: Uint8Array | null;
  readonly vector: Buffer;
}

/** A cached embedding that no chunk uses is kept this long, and at most as many of them as there are used ones plus this. */
const keepUnusedMs = 90 * 24 * 3600 * 1000;
const keepUnusedRows = 20_000;

const pendingColumns = 'c.id AS chunkId, f.path, c.text_hash AS textHash, c.end_offset - c.start_offset AS characters';
const unembedded =
  'NOT EXISTS (SELECT 1 FROM chunk_embeddings ce WHERE ce.generation_id = $generation AND ce.chunk_id = c.id)';

/** Writes embeddings and links chunks to them. No transactions of its own. */
export class EmbeddingWriter {
  readonly #db: Sqlite;
  readonly #files: FileWriter;
  readonly #upsert: Statement;
  readonly #waiting: Statement;

  constructor(db: Sqlite, files: FileWriter) {
    this.#db = db;
    this.#files = files;
    this.#upsert = db.prepare(
      `INSERT INTO embeddings (model_id, text_hash, body_hash, vector, used_at) VALUES (?, ?, ?, ?, ?)
       ON CONFLICT (model_id, text_hash) DO UPDATE SET used_at = excluded.used_at
       RETURNING id, vector`,
    );
    this.#waiting = db
      .prepare(
        `SELECT c.id FROM chunks c JOIN files f ON f.id = c.file_id
         WHERE c.text_hash = ? AND f.chunk_set_id = ?
         AND NOT EXISTS (SELECT 1 FROM chunk_embeddings ce WHERE ce.generation_id = ? AND ce.chunk_id = c.id)`,
      )
      .pluck();
  }

  /** Chunks of these files without an embedding in the generation, in the order of their ids. */
  pendingOf(generation: Generation, paths: readonly string[]): PendingChunk[] {
    return this.#db
      .prepare(
        `SELECT ${pendingColumns} FROM files f JOIN chunks c ON c.file_id = f.id
         WHERE f.chunk_set_id = $set AND f.path IN (SELECT value FROM json_each($paths)) AND ${unembedded} ORDER BY c.id`,
      )
      .all({
        set: generation.chunkSetId,
        generation: generation.id,
        paths: JSON.stringify(paths),
      }) as PendingChunk[];
  }

  /** The same of all files, the first `limit` of them above an id. */
  pendingAfter(generation: Generation, chunkId: number, limit: number): PendingChunk[] {
    // In the order of the chunks, or each part would look through all that come after it.
    return this.#db
      .prepare(
        `SELECT ${pendingColumns} FROM chunks c CROSS JOIN files f ON f.id = c.file_id
         WHERE c.id > $chunkId AND f.chunk_set_id = $set AND ${unembedded} ORDER BY c.id LIMIT $limit`,
      )
      .all({ set: generation.chunkSetId, generation: generation.id, chunkId, limit }) as PendingChunk[];
  }

  /**
   * Stores the embeddings and links every chunk that waits for one; returns how many chunks became searchable. A chunk that
   * is gone or changed meanwhile is simply not found by the hash.
   * @throws SextantError `model_invalid` for a vector of wrong length or with components that are not numbers; nothing is written.
   */
  store(generation: Generation, embeddings: readonly NewEmbedding[], now: number): number {
    for (const { vector } of embeddings) {
      if (isStorable(vector, generation.dimension)) continue;
      throw new SextantError('model_invalid', 'The model returned an embedding that cannot be stored.', {
        hint: `Expected ${generation.dimension} finite numbers of length one, got ${vector.length} numbers.`,
      });
    }
    return this.adopt(
      generation,
      embeddings.map(({ textHash, bodyHash, vector }) => ({
        textHash,
        bodyHash: bodyHash ?? null,
        vector: encodeVector(vector),
      })),
      now,
    );
  }

  /** As {@link store}, with vectors in their stored form. */
  adopt(generation: Generation, embeddings: readonly StoredEmbedding[], now: number): number {
    let linked = 0;
    for (const { textHash, bodyHash, vector } of embeddings) {
      const row = this.#upsert.get(generation.modelId, textHash, bodyHash, vector, now) as {
        id: number;
        vector: Buffer;
      };
      for (const chunkId of this.#waiting.all(textHash, generation.chunkSetId, generation.id) as number[]) {
        this.#files.link(generation, BigInt(chunkId), row.id, row.vector);
        linked += 1;
      }
    }
    return linked;
  }

  /** Hashes, in base64, of the texts whose embedding by one of these models is known. */
  knownTexts(isModel: (model: ModelIdentity) => boolean): Set<string> {
    const models = this.#db.prepare('SELECT id, fingerprint, name, dimension FROM models').all();
    const chosen = (models as (ModelIdentity & { id: number })[]).filter(isModel);
    const hashes = this.#db.prepare('SELECT text_hash FROM embeddings WHERE model_id = ?').pluck();
    return new Set(chosen.flatMap(({ id }) => (hashes.all(id) as Buffer[]).map((hash) => hash.toString('base64'))));
  }

  /** Links chunks whose text was embedded before, such as when a model returns; returns the others. */
  linkCached(generation: Generation, chunks: readonly PendingChunk[]): PendingChunk[] {
    const find = this.#db.prepare('SELECT id, vector FROM embeddings WHERE model_id = ? AND text_hash = ?');
    return chunks.filter(({ chunkId, textHash }) => {
      const known = find.get(generation.modelId, textHash) as { id: number; vector: Buffer } | undefined;
      if (known === undefined) return true;
      this.#files.link(generation, BigInt(chunkId), known.id, known.vector);
      return false;
    });
  }

  /** Deletes cached embeddings that nothing uses: the old ones, and the least recently used beyond the bound. */
  prune(now: number): number {
    const unused = 'NOT EXISTS (SELECT 1 FROM chunk_embeddings ce WHERE ce.embedding_id = e.id)';
    const old = this.#db
      .prepare(`DELETE FROM embeddings AS e WHERE e.used_at < ? AND ${unused}`)
      .run(now - keepUnusedMs);
    const used = this.#db.prepare('SELECT count(DISTINCT embedding_id) FROM chunk_embeddings').pluck().get() as number;
    const excess = this.#db
      .prepare(
        `DELETE FROM embeddings WHERE id IN
         (SELECT e.id FROM embeddings e WHERE ${unused} ORDER BY e.used_at DESC LIMIT -1 OFFSET ?)`,
      )
      .run(used + keepUnusedRows);
    return old.changes + excess.changes;
  }
}
