/** Writes a small index, compressed, for `test/fixtures/databases`: `node writeDatabaseFixture.ts FILE.db.gz`. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { RootStore } from '../../src/engine/store/rootStore.ts';
import { fakeVector } from './fakeEncoder.ts';
import { indexedFile } from './indexedFiles.ts';

const [target] = process.argv.slice(2);
if (target === undefined) throw new Error('Say where to write the fixture.');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'sextant-fixture-'));
const store = new RootStore(path.join(folder, 'x.db'));
store.acquire();
const { chunkSet, generation } = store.prepare('1', { fingerprint: 'fixture', name: 'fixture', dimension: 32 });
const files = [
  indexedFile('src/parser.ts', [
    { name: 'parseConfig', text: 'function parseConfig() {}' },
    { name: 'writeConfig', text: 'function writeConfig() {}', doc: 'Writes the settings.' },
  ]),
  indexedFile('docs/guide.md', [{ name: 'Install', text: 'Run the installer.', kind: 'section' }]),
];
store.writeFiles(files.map((file) => ({ file, chunkSetIds: [chunkSet.id] })));
store.skipFiles([{ path: 'logo.png', size: 3, mtimeMs: 5, reason: 'binary' }]);
store.storeEmbeddings(
  generation!,
  [...store.pending(generation!, 100)]
    .flat()
    .map(({ textHash }) => ({ textHash, vector: fakeVector(textHash.toString('hex'), 32) })),
);
store.close();
fs.writeFileSync(target, gzipSync(fs.readFileSync(path.join(folder, 'x.db')), { level: 9 }));
fs.rmSync(folder, { recursive: true });
