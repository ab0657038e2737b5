/**
 * Indexes a folder into a file system that is nearly full, then makes room: `node fullDiskChild.ts FOLDER STORAGE LOG`, STORAGE
 * being the mount point of a small file system. Prints what happened as JSON.
 */
import fs from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Indexer } from '../../../src/engine/index/indexer.ts';
import { RootStore } from '../../../src/engine/store/rootStore.ts';
import { serializeError } from '../../../src/shared/errors.ts';
import { FakeEncoder } from '../../support/fakeEncoder.ts';
import { ParagraphChunker, paragraphText } from '../../support/paragraphChunker.ts';

const [folder = '', storage = '', logFile = ''] = process.argv.slice(2);
const roomLeft = 500_000;

const ballast = path.join(storage, 'ballast');
const { bavail, bsize } = fs.statfsSync(storage);
fs.writeFileSync(ballast, Buffer.alloc(bavail * bsize - roomLeft));

const store = new RootStore(path.join(storage, 'x.db'));
const indexer = new Indexer({
  root: { uri: pathToFileURL(folder).href, path: folder, name: 'workspace' },
  store,
  chunker: new ParagraphChunker(),
  chunkerVersion: '1',
  embeddingText: paragraphText,
  settings: { exclude: [], useGitignore: true, maxFileSizeBytes: 1_000_000 },
});
indexer.start(new FakeEncoder({ logFile }));
const failure = await indexer.whenIdle().then(
  () => undefined,
  (error: unknown) => serializeError(error),
);
const whileFull = { status: indexer.status(), health: store.health() };
fs.rmSync(ballast);
indexer.rescan();
const summary = await indexer.whenIdle();
const after = { status: indexer.status(), health: store.health() };
await indexer.dispose();
store.close();
fs.copyFileSync(path.join(storage, 'x.db'), `${logFile}.db`);
process.stdout.write(JSON.stringify({ failure, whileFull, summary, after }));
