import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { runWithSmallFileSystem } from '../../support/smallFileSystem.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { tinyModelFiles } from '../../support/tinyModel.ts';
import { zipArchive } from '../../support/zipArchive.ts';

const child = path.join(import.meta.dirname, 'fullDiskChild.ts');

test('a disk without room is noticed before anything is fetched or unpacked', async (t) => {
  const home = temporaryFolder(t);
  const library = path.join(home, 'models');
  mkdirSync(library);
  const archive = path.join(home, 'tiny.zip');
  const entries = Object.entries(tinyModelFiles()).map(([name, data]) => ({ name, data }));
  writeFileSync(archive, zipArchive(entries));
  // The child runs while this thread waits for it, so the hub has a thread of its own.
  const hub = new Worker(path.join(import.meta.dirname, 'hubThread.ts'));
  t.after(() => hub.terminate());
  const address = await new Promise<string>((resolve) => hub.once('message', resolve));
  const output = runWithSmallFileSystem(library, 1_000_000, [process.execPath, child, address, library, archive]);
  if (output === undefined) {
    t.diagnostic('NOT RUN: this machine lets nobody mount a small file system');
    return;
  }
  assert.deepEqual(JSON.parse(output), ['disk_full', 'disk_full']);
  hub.postMessage('seen');
  const seen = await new Promise<string[]>((resolve) => hub.once('message', resolve));
  assert.ok(
    seen.length > 0 && seen.every((asked) => asked.startsWith('/api/')),
    'the hub was asked, and nothing fetched',
  );
});
