import { SextantError } from '../../../shared/errors.ts';
import { StatementCache, type Connection, type Sqlite } from '../sqlite.ts';
import { bitCount, cosineWithStored, decodeVector, signBits } from '../vectorCodec.ts';
import type { HistoryCandidate, HistoryFilter } from './historyTypes.ts';

/** Nearest by sign that are scored with their vectors: 1-bit order is rough, so many times what a page shows. */
const rescored = 400;
/** Up to so many items every vector is scored, without a scan of the signs. */
const exactBelow = 3000;

interface KnownModel {
  readonly id: number;
  readonly dimension: number;
}

interface Stored {
  readonly id: number;
  readonly vector: Buffer;
}

function tableOf(modelId: number): string {
  return `history_signs_${modelId}`;
}

/** Vectors of the history's texts: content-addressed by model, with one vec0 table of signs a model for the scan. */
export class HistorySigns {
  readonly #db: Sqlite;
  readonly #statements: StatementCache;
  readonly #available: boolean;

  constructor({ db, vec }: Connection) {
    this.#db = db;
    this.#statements = new StatementCache(db);
    this.#available = 'version' in vec;
  }

  /** The number of the model, its tables made when there are none. */
  modelId(model: { fingerprint: string; name: string; dimension: number }): number {
    this.#statements
      .get('INSERT INTO models (fingerprint, name, dimension) VALUES (?, ?, ?) ON CONFLICT DO NOTHING')
      .run(model.fingerprint, model.name, model.dimension);
    const { id, dimension } = this.#model(model.fingerprint)!;
    if (dimension !== model.dimension) {
      throw new SextantError(
        'model_mismatch',
        `The index knows the model ${model.name} with ${dimension} dimensions.`,
        {
          hint: 'Clear the index to build it again.',
        },
      );
    }
    if (this.#available) {
      this.#db.exec(
        `CREATE VIRTUAL TABLE IF NOT EXISTS ${tableOf(id)} USING vec0(item_id INTEGER PRIMARY KEY, signs BIT[${bitCount(dimension)}])`,
      );
    }
    return id;
  }

  /** Makes every item of this text findable by its vector. */
  link(modelId: number, contentHash: Buffer, stored: Buffer): void {
    if (!this.#available) return;
    const dimension = this.#dimension(modelId);
    const ids = this.#statements
      .get('SELECT id FROM history_items WHERE content_hash = ?')
      .pluck()
      .all(contentHash) as number[];
    for (const id of ids) this.#link(modelId, id, stored, dimension);
  }

  linkKnown(fingerprint: string): number {
    const model = this.#used(fingerprint);
    if (model === undefined) return 0;
    const rows = this.#statements
      .get(
        `SELECT i.id, v.vector FROM history_items i
         JOIN history_vectors v ON v.model_id = ? AND v.content_hash = i.content_hash
         WHERE i.id NOT IN (SELECT item_id FROM ${tableOf(model.id)})`,
      )
      .all(model.id) as Stored[];
    for (const { id, vector } of rows) this.#link(model.id, id, vector, model.dimension);
    return rows.length;
  }

  missing(fingerprint: string): number[] {
    const model = this.#used(fingerprint);
    const known = model === undefined ? '' : `WHERE id NOT IN (SELECT item_id FROM ${tableOf(model.id)})`;
    return this.#statements.get(`SELECT id FROM history_items ${known} ORDER BY at DESC`).pluck().all() as number[];
  }

  count(fingerprint: string): number {
    const model = this.#used(fingerprint);
    if (model === undefined) return 0;
    return this.#statements
      .get(`SELECT count(*) FROM ${tableOf(model.id)}`)
      .pluck()
      .get() as number;
  }

  remove(itemId: number): void {
    for (const table of this.#tables())
      this.#statements.get(`DELETE FROM ${table} WHERE item_id = ?`).run(BigInt(itemId));
  }

  dropOthers(fingerprint: string): void {
    const kept = this.#model(fingerprint)?.id;
    if (kept === undefined) return;
    for (const table of this.#tables()) if (table !== tableOf(kept)) this.#db.exec(`DROP TABLE ${table}`);
    this.#statements.get('DELETE FROM history_vectors WHERE model_id <> ?').run(kept);
  }

  /** Nearest first. `vector` is L2-normalised, of the model's dimension. */
  nearest(fingerprint: string, vector: Float32Array, limit: number, filter: HistoryFilter): HistoryCandidate[] {
    const model = this.#used(fingerprint);
    if (model?.dimension !== vector.length) return [];
    const candidates = this.#candidates(model, vector, filter);
    return candidates
      .map(({ id, vector: stored }) => ({ id, score: cosineWithStored(vector, stored) }))
      .sort((a, b) => b.score - a.score || b.id - a.id)
      .slice(0, limit);
  }

  #candidates(model: KnownModel, vector: Float32Array, filter: HistoryFilter): Stored[] {
    const filtered = filter.ids !== undefined || filter.kinds !== undefined;
    const total = this.#statements
      .get(`SELECT count(*) FROM ${tableOf(model.id)}`)
      .pluck()
      .get() as number;
    if (filtered || total <= exactBelow) return this.#passing(model, filter);
    const ids = this.#statements
      .get(`SELECT item_id FROM ${tableOf(model.id)} WHERE signs MATCH vec_bit(?) AND k = ?`)
      .pluck()
      .all(signBits(vector), BigInt(Math.min(total, rescored))) as number[];
    return this.#statements
      .get(
        `SELECT i.id, v.vector FROM json_each(?) j CROSS JOIN history_items i ON i.id = j.value
         CROSS JOIN history_vectors v ON v.model_id = ? AND v.content_hash = i.content_hash`,
      )
      .all(JSON.stringify(ids), model.id) as Stored[];
  }

  #passing(model: KnownModel, { ids, kinds }: HistoryFilter): Stored[] {
    const conditions: string[] = [];
    const parameters: string[] = [];
    for (const [column, values] of [
      ['i.id', ids],
      ['i.kind', kinds],
    ] as const) {
      if (values === undefined) continue;
      conditions.push(`AND ${column} IN (SELECT value FROM json_each(?))`);
      parameters.push(JSON.stringify([...values]));
    }
    return this.#statements
      .get(
        `SELECT i.id, v.vector FROM history_items i
         CROSS JOIN history_vectors v ON v.model_id = ? AND v.content_hash = i.content_hash ${conditions.join(' ')}`,
      )
      .all(model.id, ...parameters) as Stored[];
  }

  #link(modelId: number, itemId: number, stored: Buffer, dimension: number): void {
    const table = tableOf(modelId);
    this.#statements.get(`DELETE FROM ${table} WHERE item_id = ?`).run(BigInt(itemId));
    this.#statements
      .get(`INSERT INTO ${table} (item_id, signs) VALUES (?, vec_bit(?))`)
      .run(BigInt(itemId), signBits(decodeVector(stored, dimension)));
  }

  #model(fingerprint: string): KnownModel | undefined {
    return this.#statements.get('SELECT id, dimension FROM models WHERE fingerprint = ?').get(fingerprint) as
      KnownModel | undefined;
  }

  /** The model if anything was embedded by it and can be scanned. */
  #used(fingerprint: string): KnownModel | undefined {
    const model = this.#model(fingerprint);
    return model !== undefined && this.#tables().includes(tableOf(model.id)) ? model : undefined;
  }

  #dimension(modelId: number): number {
    return this.#statements.get('SELECT dimension FROM models WHERE id = ?').pluck().get(modelId) as number;
  }

  /** Empty without sqlite-vec: its tables cannot even be looked at. */
  #tables(): string[] {
    if (!this.#available) return [];
    return this.#statements
      .get(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND sql LIKE 'CREATE VIRTUAL%' AND name GLOB 'history_signs_[0-9]*'",
      )
      .pluck()
      .all() as string[];
  }
}
