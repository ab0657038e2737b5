import fs from 'node:fs';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { Indexer } from '../../src/engine/index/indexer.ts';
import type { IndexerOptions } from '../../src/engine/index/indexerOptions.ts';
import { RootStore } from '../../src/engine/store/rootStore.ts';
import { ParagraphChunker, paragraphText } from './paragraphChunker.ts';
import { temporaryFolder } from './temporaryFolder.ts';

/** A folder with files and an indexer over it, for tests that edit and look. */
export class IndexedFolder {
  readonly folder: string;
  readonly databaseFile: string;
  readonly store: RootStore;
  readonly chunker: ParagraphChunker;
  readonly indexer: Indexer;
  readonly #context: TestContext;

  constructor(context: TestContext, files: Readonly<Record<string, string>>, options: Partial<IndexerOptions> = {}) {
    const base = temporaryFolder(context);
    this.folder = path.join(base, 'workspace');
    this.databaseFile = path.join(base, 'storage', 'root.db');
    fs.mkdirSync(this.folder);
    this.write(files);
    this.store = options.store ?? new RootStore(this.databaseFile);
    this.chunker = (options.chunker as ParagraphChunker | undefined) ?? new ParagraphChunker();
    this.#context = context;
    this.indexer = this.anotherIndexer(options);
    context.after(() => this.store.close());
  }

  /** A further indexer over the same folder and database, once the one before it is disposed. */
  anotherIndexer(options: Partial<IndexerOptions> = {}): Indexer {
    const indexer = new Indexer({
      root: { uri: pathToFileURL(this.folder).href, path: this.folder, name: 'workspace' },
      store: this.store,
      chunker: this.chunker,
      chunkerVersion: '1',
      embeddingText: paragraphText,
      settings: { exclude: [], useGitignore: true, maxFileSizeBytes: 1_000_000 },
      ...options,
    });
    this.#context.after(() => indexer.dispose());
    return indexer;
  }

  /** Puts garbage where a share of a table's leaf pages is, as a bad disk would; the database may be open. */
  overwritePages(table: string, share: number): void {
    const db = new Database(this.databaseFile);
    db.pragma('wal_checkpoint(TRUNCATE)');
    const pages = db
      .prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf'")
      .pluck()
      .all(table) as number[];
    db.close();
    const descriptor = fs.openSync(this.databaseFile, 'r+');
    const chosen = pages.filter((_, index) => index < pages.length * share);
    for (const page of chosen) fs.writeSync(descriptor, Buffer.alloc(4096, 0x5a), 0, 4096, (page - 1) * 4096);
    fs.closeSync(descriptor);
  }

  paths(): string[] {
    return this.store.read((reader) => reader.files()).map(({ path: relative }) => relative);
  }

  /** Names of the database's tables that begin so. */
  tableNames(prefix: string): string[] {
    const db = new Database(this.databaseFile, { readonly: true });
    const names = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
      .pluck()
      .all() as string[];
    db.close();
    return names.filter((name) => name.startsWith(prefix));
  }

  absolute(relative: string): string {
    return path.join(this.folder, relative);
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [relative, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(this.absolute(relative)), { recursive: true });
      fs.writeFileSync(this.absolute(relative), text);
    }
  }

  /** Writes files and waits until the index has them. */
  async save(files: Readonly<Record<string, string>>): Promise<void> {
    this.write(files);
    this.indexer.filesChanged(Object.keys(files).map((relative) => this.absolute(relative)));
    await this.indexer.whenIdle();
  }

  /** Paths of the chunks that hold the term, in the order of their rank. */
  find(...terms: string[]): string[] {
    const weights = { path: 1, symbol: 1, signature: 1, doc: 1, body: 1 };
    return this.store.read((reader) =>
      reader.chunks(reader.keyword(terms, weights, 50, {}).best.map(({ chunkId }) => chunkId)).map(({ path }) => path),
    );
  }
}
