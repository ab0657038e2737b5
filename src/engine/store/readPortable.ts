import { SextantError } from '../../shared/errors.ts';
import { Catalog } from './catalog.ts';
import { migrate } from './migrate.ts';
import { portableTables, type PortableModel, type PortableTable } from './portableTables.ts';
import { lengthTable, postingTable, vectorTable } from './searchTables.ts';
import { openConnection, translated, translateError, type Sqlite } from './sqlite.ts';
import { decodeVector, signBits } from './vectorCodec.ts';

/** Signs worked out at a time. */
const signsAtOnce = 2000;
const highestId = 2 ** 31;

export interface ReadOptions extends PortableModel {
  /** Called between steps; throws to stop. */
  readonly checkpoint: () => void;
}

function damaged(detail: string, cause?: unknown): SextantError {
  return new SextantError('invalid_argument', `The index file is damaged: ${detail}.`, {
    hint: 'Download or export it again.',
    cause,
  });
}

/** Only tables, and those that the form has: a foreign file must not bring code along. */
function checkTables(db: Sqlite): void {
  const objects = db.prepare('SELECT type, name, sql FROM portable.sqlite_master').all();
  for (const { type, name, sql } of objects as { type: string; name: string; sql: string | null }[]) {
    const expected = type === 'table' && name in portableTables && !/^\s*CREATE\s+VIRTUAL/i.test(sql ?? '');
    if (!expected) throw damaged(`it holds ${type} ${name}`);
  }
}

/** A path that leads out of the root, or is absolute, is nothing that an export of ours holds. */
function checkPaths(db: Sqlite): void {
  for (const path of db.prepare('SELECT path FROM main.files').pluck().iterate() as Iterable<unknown>) {
    const wrong =
      typeof path !== 'string' ||
      path === '' ||
      /^(?:[/\\]|[A-Za-z]:)/.test(path) ||
      path.split(/[/\\]/).includes('..');
    if (wrong) throw damaged('it names a file outside of its folder');
  }
}

/** Numbers that no index reaches in its life would break or bloat what is kept by them. */
function checkIds(db: Sqlite): void {
  for (const table of ['files', 'chunks']) {
    const wrong = db.prepare(`SELECT 1 FROM main.${table} WHERE id < 0 OR id >= ${highestId} LIMIT 1`).get();
    if (wrong !== undefined) throw damaged(`a number in ${table} is too high`);
  }
}

/** Values of columns that the portable form does not have; the time 0 makes every file be compared by its content. */
function copyIn(
  db: Sqlite,
  chunkSetId: number,
  generation: { id: number; modelId: number },
  checkpoint: () => void,
): void {
  const more: Partial<Record<PortableTable, Readonly<Record<string, number>>>> = {
    files: { chunk_set_id: chunkSetId, mtime_ms: 0 },
    embeddings: { model_id: generation.modelId, used_at: Date.now() },
    chunk_embeddings: { generation_id: generation.id },
  };
  const names: Partial<Record<PortableTable, string>> = {
    postings: postingTable(chunkSetId),
    lengths: lengthTable(chunkSetId),
  };
  // In the order in which rows point to each other.
  const order: readonly PortableTable[] = [
    ...(['labels', 'files', 'chunks', 'chunk_texts', 'symbols', 'embeddings', 'chunk_embeddings'] as const),
    ...(['postings', 'lengths'] as const),
  ];
  for (const table of order) {
    checkpoint();
    const extra = more[table] ?? {};
    const columns = [portableTables[table], ...Object.keys(extra)].join(', ');
    const values = [portableTables[table], ...Object.values(extra)].join(', ');
    db.exec(`INSERT INTO main.${names[table] ?? table} (${columns}) SELECT ${values} FROM portable.${table}`);
  }
}

interface LinkedEmbedding {
  readonly chunkId: number;
  readonly vector: Buffer;
  readonly languageId: number;
  readonly kindId: number;
  readonly scopeId: number;
}

/** The signs of every linked embedding, for the scan; worked out here rather than carried along. */
function insertSigns(db: Sqlite, generationId: number, dimension: number, checkpoint: () => void): void {
  const insert = db.prepare(
    `INSERT INTO ${vectorTable(generationId)} (chunk_id, signs, language_id, kind_id, scope_id) VALUES (?, vec_bit(?), ?, ?, ?)`,
  );
  const select = db.prepare(
    `SELECT ce.chunk_id AS chunkId, e.vector, f.language_id AS languageId, c.kind_id AS kindId, f.scope_id AS scopeId
     FROM chunk_embeddings ce JOIN embeddings e ON e.id = ce.embedding_id JOIN chunks c ON c.id = ce.chunk_id
     JOIN files f ON f.id = c.file_id WHERE ce.generation_id = ? AND ce.chunk_id > ? ORDER BY ce.chunk_id LIMIT ${signsAtOnce}`,
  );
  const after = (chunkId: number) => select.all(generationId, chunkId) as LinkedEmbedding[];
  for (let rows = after(Number.MIN_SAFE_INTEGER); rows.length > 0; rows = after(rows.at(-1)!.chunkId)) {
    checkpoint();
    for (const { chunkId, vector, languageId, kindId, scopeId } of rows) {
      if (vector.length !== dimension && vector.length !== 2 * dimension)
        throw damaged('it holds a vector of another length');
      const ids = [languageId, kindId, scopeId].map(BigInt);
      insert.run(BigInt(chunkId), signBits(decodeVector(vector, dimension)), ...ids);
    }
  }
}

/**
 * Makes the new database `target` out of the portable file `source`.
 * @throws SextantError `invalid_argument` when the file is not what {@link writePortable} makes; `runtime_unavailable` without
 * sqlite-vec; `disk_full`; what `checkpoint` throws. What was begun at `target` is the caller's to remove.
 */
export function readPortable(source: string, target: string, { chunkerVersion, model, checkpoint }: ReadOptions): void {
  const connection = translated(() => openConnection(target));
  const { db, vec } = connection;
  try {
    if ('reason' in vec) {
      throw new SextantError('runtime_unavailable', `An index file cannot be used: ${vec.reason}`);
    }
    migrate(db);
    const prepared = db.transaction(() => new Catalog(connection).prepare(chunkerVersion, model))();
    const { chunkSet, generation } = prepared;
    db.pragma('trusted_schema = OFF');
    db.prepare('ATTACH ? AS portable').run(source);
    checkTables(db);
    db.transaction(() => {
      copyIn(db, chunkSet.id, generation!, checkpoint);
      checkPaths(db);
      checkIds(db);
      insertSigns(db, generation!.id, model.dimension, checkpoint);
      db.prepare(
        'UPDATE generations SET embedded = (SELECT count(*) FROM chunk_embeddings WHERE generation_id = $id) WHERE id = $id',
      ).run({ id: generation!.id });
    })();
    db.exec('DETACH portable');
  } catch (error) {
    throw translatedPortable(error);
  } finally {
    db.close();
  }
}

function translatedPortable(error: unknown): unknown {
  if (error instanceof SextantError || !(error instanceof Error)) return error;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  const foreign =
    /^SQLITE_(?:ERROR|CORRUPT|NOTADB|CONSTRAINT|MISMATCH|IOERR_SHORT_READ)/.test(code) || error instanceof RangeError;
  return foreign ? damaged('its rows do not fit together', error) : translateError(error);
}
