import Database from 'better-sqlite3';
import { SextantError } from '../../shared/errors.ts';
import { Catalog, type ModelIdentity } from './catalog.ts';
import { lengthsOf } from './keywordWriter.ts';
import { migrate } from './migrate.ts';
import { blockBits, blockSize, mergedRow, rowsOfBlock } from './postingCodec.ts';
import { lengthTable, postingTable, vectorTable } from './searchTables.ts';
import { openConnection, translated, type Sqlite } from './sqlite.ts';
import { decodeVector, signBits } from './vectorCodec.ts';

/**
 * The form in which an index travels: a SQLite file of plain tables without indexes, with exactly these columns.
 * What is not listed stays at home: times, other models' embeddings, history, and everything a later version may add. Raised
 * by one whenever the tables or the meaning of a column (the codec of the postings, of the vectors) change.
 */
export const portableFormat = 1;
const portableTables = {
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
type PortableTable = keyof typeof portableTables;

export interface PortableContents {
  readonly chunkerVersion: string;
  readonly model: ModelIdentity;
  readonly files: number;
  readonly chunks: number;
  readonly embedded: number;
  /** Files that were left out because of what stands in them. */
  readonly withheld: number;
}

interface Serving {
  readonly chunkSetId: number;
  readonly chunkerVersion: string;
  readonly generationId: number;
  readonly model: ModelIdentity;
}

function servingOf(db: Sqlite): Serving {
  const row = db
    .prepare(
      `SELECT s.id AS chunkSetId, s.chunker_version AS chunkerVersion, g.id AS generationId, m.fingerprint, m.name, m.dimension
       FROM store.chunk_sets s JOIN store.generations g ON g.chunk_set_id = s.id AND g.state = 'serving'
       JOIN store.models m ON m.id = g.model_id WHERE s.state = 'serving'`,
    )
    .get() as (Omit<Serving, 'model'> & ModelIdentity) | undefined;
  if (row === undefined) {
    throw new SextantError('index_missing', 'There is no complete index to export.', {
      hint: 'Run `sextant index` first.',
    });
  }
  const { chunkSetId, chunkerVersion, generationId, fingerprint, name, dimension } = row;
  return { chunkSetId, chunkerVersion, generationId, model: { fingerprint, name, dimension } };
}

/** Notes in `kept` the files that may travel; returns how many may not. */
function chooseFiles(db: Sqlite, chunkSetId: number, isWithheld: (path: string, texts: string[]) => boolean): number {
  db.exec('CREATE TEMP TABLE kept (file_id INTEGER PRIMARY KEY)');
  const texts = db
    .prepare(
      `SELECT t.text FROM store.chunks c JOIN store.chunk_texts t ON t.chunk_id = c.id
       WHERE c.file_id = ? ORDER BY c.start_offset, c.id`,
    )
    .pluck();
  const keep = db.prepare('INSERT INTO kept (file_id) VALUES (?)');
  let withheld = 0;
  const files = db.prepare('SELECT id, path FROM store.files WHERE chunk_set_id = ?').all(chunkSetId);
  for (const { id, path } of files as { id: number; path: string }[]) {
    if (isWithheld(path, texts.all(id) as string[])) withheld += 1;
    else keep.run(id);
  }
  return withheld;
}

function copyOut(db: Sqlite, { chunkSetId, generationId }: Serving): void {
  const from: Readonly<Record<PortableTable, string>> = {
    labels: 'store.labels',
    files: 'store.files WHERE id IN (SELECT file_id FROM kept)',
    chunks: 'store.chunks WHERE file_id IN (SELECT file_id FROM kept)',
    chunk_texts: 'store.chunk_texts WHERE chunk_id IN (SELECT id FROM main.chunks)',
    symbols: 'store.symbols WHERE chunk_id IN (SELECT id FROM main.chunks)',
    chunk_embeddings: `store.chunk_embeddings WHERE generation_id = ${generationId} AND chunk_id IN (SELECT id FROM main.chunks)`,
    embeddings: 'store.embeddings WHERE id IN (SELECT embedding_id FROM main.chunk_embeddings)',
    postings: `store.${postingTable(chunkSetId)}`,
    lengths: `store.${lengthTable(chunkSetId)}`,
  };
  for (const [table, source] of Object.entries(from) as [PortableTable, string][]) {
    const order = portableTables[table].split(',')[0]!;
    db.exec(`CREATE TABLE main.${table} AS SELECT ${portableTables[table]} FROM ${source} ORDER BY ${order}`);
  }
}

/** Takes the words of the chunks that stay at home out of the keyword index, block by block. */
function forgetWords(db: Sqlite, chunkSetId: number): void {
  const missing = db
    .prepare(
      `SELECT c.id FROM store.chunks c JOIN store.files f ON f.id = c.file_id
       WHERE f.chunk_set_id = ? AND f.id NOT IN (SELECT file_id FROM kept)`,
    )
    .pluck()
    .all(chunkSetId) as number[];
  const blocks = Map.groupBy(missing, (id) => id >> blockBits);
  const read = db.prepare('SELECT data FROM main.lengths WHERE block = ?').pluck();
  const writeLengths = db.prepare(
    'UPDATE main.lengths SET used = ?, alive = ?, tokens = ?, merged = 1, data = ? WHERE block = ?',
  );
  const writeRow = db.prepare('UPDATE main.postings SET data = ? WHERE id = ?');
  for (const [block, ids] of blocks) {
    const lengths = lengthsOf(read.get(block) as Buffer);
    for (const id of ids) lengths[id & (blockSize - 1)] = 0;
    const alive = lengths.filter((length) => length > 0);
    const tokens = alive.reduce((sum, length) => sum + length, 0);
    const data = Buffer.from(lengths.buffer, lengths.byteOffset, lengths.byteLength);
    writeLengths.run(alive.length, alive.length, tokens, data, block);
    const rows = db.prepare('SELECT id, data FROM main.postings WHERE id >= ? AND id < ?').all(...rowsOfBlock(block));
    for (const row of rows as { id: number; data: Buffer }[]) writeRow.run(mergedRow(row.data, lengths), row.id);
  }
}

function countOf(db: Sqlite, table: string): number {
  return db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
}

/**
 * Writes what serves in the database `store` to the new file `target`, in the portable form. `isWithheld` decides which files
 * stay at home, by path and the texts of their chunks in order.
 * @throws SextantError `index_missing` where nothing serves yet; `disk_full`, `database_damaged`
 */
export function writePortable(
  store: string,
  target: string,
  isWithheld: (path: string, texts: string[]) => boolean,
): PortableContents {
  const db = new Database(target);
  try {
    return translated(() => {
      // A file that is not finished is thrown away, so nothing needs to be undone.
      db.pragma('journal_mode = OFF');
      db.pragma('synchronous = OFF');
      db.prepare('ATTACH ? AS store').run(store);
      return db.transaction(() => {
        const serving = servingOf(db);
        const withheld = chooseFiles(db, serving.chunkSetId, isWithheld);
        copyOut(db, serving);
        if (withheld > 0) forgetWords(db, serving.chunkSetId);
        const { chunkerVersion, model } = serving;
        return {
          chunkerVersion,
          model,
          files: countOf(db, 'main.files'),
          chunks: countOf(db, 'main.chunks'),
          embedded: countOf(db, 'main.chunk_embeddings'),
          withheld,
        };
      })();
    });
  } finally {
    db.close();
  }
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

/** Values of columns that the portable form does not have; the time 0 makes every file be compared by its content. */
function copyIn(db: Sqlite, chunkSetId: number, generation: { id: number; modelId: number }): void {
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
    const extra = more[table] ?? {};
    const columns = [portableTables[table], ...Object.keys(extra)].join(', ');
    const values = [portableTables[table], ...Object.values(extra)].join(', ');
    db.exec(`INSERT INTO main.${names[table] ?? table} (${columns}) SELECT ${values} FROM portable.${table}`);
  }
}

/** The signs of every linked embedding, for the scan; worked out here rather than carried along. */
function insertSigns(db: Sqlite, generationId: number, dimension: number): void {
  const insert = db.prepare(
    `INSERT INTO ${vectorTable(generationId)} (chunk_id, signs, language_id, kind_id, scope_id) VALUES (?, vec_bit(?), ?, ?, ?)`,
  );
  const rows = db
    .prepare(
      `SELECT c.id AS chunkId, e.vector, f.language_id AS languageId, c.kind_id AS kindId, f.scope_id AS scopeId
       FROM chunk_embeddings ce JOIN embeddings e ON e.id = ce.embedding_id JOIN chunks c ON c.id = ce.chunk_id
       JOIN files f ON f.id = c.file_id WHERE ce.generation_id = ? ORDER BY c.id`,
    )
    .all(generationId) as { chunkId: number; vector: Buffer; languageId: number; kindId: number; scopeId: number }[];
  for (const { chunkId, vector, languageId, kindId, scopeId } of rows) {
    if (vector.length !== dimension && vector.length !== 2 * dimension)
      throw damaged('it holds a vector of another length');
    const ids = [languageId, kindId, scopeId].map(BigInt);
    insert.run(BigInt(chunkId), signBits(decodeVector(vector, dimension)), ...ids);
  }
}

/**
 * Makes the new database `target` out of the portable file `source`.
 * @throws SextantError `invalid_argument` when the file is not what {@link writePortable} makes; `runtime_unavailable` without
 * sqlite-vec; `disk_full`. What was begun at `target` is the caller's to remove.
 */
export function readPortable(
  source: string,
  target: string,
  { chunkerVersion, model }: Pick<PortableContents, 'chunkerVersion' | 'model'>,
): void {
  const connection = openConnection(target);
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
      copyIn(db, chunkSet.id, generation!);
      checkPaths(db);
      insertSigns(db, generation!.id, model.dimension);
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
  const foreign = /^SQLITE_(?:ERROR|CORRUPT|NOTADB|CONSTRAINT|MISMATCH)/.test(code) || error instanceof RangeError;
  if (foreign) return damaged('its rows do not fit together', error);
  return error;
}
