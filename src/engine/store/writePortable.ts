import Database from 'better-sqlite3';
import { SextantError } from '../../shared/errors.ts';
import type { ModelIdentity } from './catalog.ts';
import { lengthsOf } from './keywordWriter.ts';
import { portableTables, type PortableContents, type PortableTable } from './portableTables.ts';
import { blockBits, blockSize, mergedRow, rowsOfBlock } from './postingCodec.ts';
import { lengthTable, postingTable } from './searchTables.ts';
import { translated, type Sqlite } from './sqlite.ts';

export interface WriteOptions {
  /** Whether a file stays at home, by its path and the texts of its chunks in order. */
  readonly isWithheld: (path: string, texts: readonly string[]) => boolean;
  /** Called between steps; throws to stop. */
  readonly checkpoint: () => void;
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
function chooseFiles(db: Sqlite, chunkSetId: number, { isWithheld, checkpoint }: WriteOptions): number {
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
    checkpoint();
    if (isWithheld(path, texts.all(id) as string[])) withheld += 1;
    else keep.run(id);
  }
  return withheld;
}

function copyOut(db: Sqlite, { chunkSetId, generationId }: Serving, checkpoint: () => void): void {
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
    checkpoint();
    const order = portableTables[table].split(',')[0]!;
    db.exec(`CREATE TABLE main.${table} AS SELECT ${portableTables[table]} FROM ${source} ORDER BY ${order}`);
  }
}

/** Takes the words of the chunks that stay at home out of the keyword index, block by block. */
function forgetWords(db: Sqlite, chunkSetId: number, checkpoint: () => void): void {
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
    checkpoint();
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
 * Writes what serves in the database `store` to the new file `target`, in the portable form.
 * @throws SextantError `index_missing` where nothing serves yet; `disk_full`, `database_damaged`; what `checkpoint` throws.
 */
export function writePortable(store: string, target: string, options: WriteOptions): PortableContents {
  const db = new Database(target);
  try {
    return translated(() => {
      // A file that is not finished is thrown away, so nothing needs to be undone.
      db.pragma('journal_mode = OFF');
      db.pragma('synchronous = OFF');
      db.prepare('ATTACH ? AS store').run(store);
      return db.transaction(() => {
        const serving = servingOf(db);
        const withheld = chooseFiles(db, serving.chunkSetId, options);
        copyOut(db, serving, options.checkpoint);
        if (withheld > 0) forgetWords(db, serving.chunkSetId, options.checkpoint);
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
