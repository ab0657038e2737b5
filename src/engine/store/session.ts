import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import { Catalog } from './catalog.ts';
import { completeness } from './databaseFile.ts';
import { EmbeddingWriter } from './embeddingWriter.ts';
import { FileStates } from './fileStates.ts';
import { FileWriter } from './fileWriter.ts';
import { HistoryTables } from './history/historyTables.ts';
import { Labels } from './labels.ts';
import { migrate } from './migrate.ts';
import { openConnection, type Connection } from './sqlite.ts';
import { StoreReader } from './storeReader.ts';

/** An open database with the statements of all its parts. */
export interface Session {
  readonly connection: Connection;
  readonly catalog: Catalog;
  readonly labels: Labels;
  readonly reader: StoreReader;
  readonly files: FileWriter;
  readonly states: FileStates;
  readonly embeddings: EmbeddingWriter;
  readonly history: HistoryTables;
}

function checkWhole(file: string, { db }: Connection): void {
  if (db.pragma('quick_check(1)', { simple: true }) === 'ok') return;
  throw new SextantError('database_damaged', `The index ${path.basename(file)} is damaged.`);
}

/** Prepares everything; a table or column that is missing shows here. */
function sessionOf(connection: Connection): Session {
  const { db, vec } = connection;
  try {
    const labels = new Labels(db);
    const catalog = new Catalog(connection);
    const files = new FileWriter(db, labels);
    return {
      connection,
      catalog,
      labels,
      reader: new StoreReader(db, labels, catalog, 'version' in vec),
      files,
      states: new FileStates(db),
      embeddings: new EmbeddingWriter(db, files),
      history: new HistoryTables(connection),
    };
  } catch (error) {
    if (!(error instanceof Error) || !error.message.startsWith('no such ')) throw error;
    throw new SextantError('database_damaged', 'The index lacks a part of its schema.', { cause: error });
  }
}

/** Opens a database and brings its schema up to date. @throws SextantError `database_damaged`, `database_too_new`; what SQLite throws. */
export function openSession(file: string): Session {
  const state = completeness(file);
  if (state === 'truncated') {
    throw new SextantError('database_damaged', `The index ${path.basename(file)} is cut short.`);
  }
  const connection = openConnection(file);
  try {
    if (state === 'unknown') checkWhole(file, connection);
    migrate(connection.db);
    return sessionOf(connection);
  } catch (error) {
    connection.db.close();
    throw error;
  }
}
