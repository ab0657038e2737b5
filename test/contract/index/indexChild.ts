/**
 * Indexes a folder to the end with a fake model, in a process that tests may kill:
 * `node indexChild.ts FOLDER DATABASE LOG DELAY_MS`. Prints `started`, then `idle` or the code of the error as JSON.
 */
import { pathToFileURL } from 'node:url';
import { Indexer } from '../../../src/engine/index/indexer.ts';
import { RootStore } from '../../../src/engine/store/rootStore.ts';
import { serializeError } from '../../../src/shared/errors.ts';
import { FakeEncoder } from '../../support/fakeEncoder.ts';
import { ParagraphChunker, paragraphText } from '../../support/paragraphChunker.ts';

const [folder = '', database = '', logFile = '', delay = '0'] = process.argv.slice(2);

async function main(): Promise<string> {
  const store = new RootStore(database);
  const indexer = new Indexer({
    root: { uri: pathToFileURL(folder).href, path: folder, name: 'workspace' },
    store,
    chunker: new ParagraphChunker(),
    chunkerVersion: '1',
    embeddingText: paragraphText,
    settings: { exclude: [], useGitignore: true, maxFileSizeBytes: 1_000_000 },
  });
  try {
    process.stdout.write('started\n');
    indexer.start(new FakeEncoder({ delayMs: Number(delay), logFile }));
    const summary = await indexer.whenIdle();
    return JSON.stringify({ idle: summary });
  } finally {
    await indexer.dispose();
    store.close();
  }
}

process.stdout.write(`${await main().catch((error: unknown) => JSON.stringify(serializeError(error)))}\n`);
