import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import type { RootStatus } from '../../../src/shared/status.ts';
import { runWithSmallFileSystem } from '../../support/smallFileSystem.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const child = fileURLToPath(new URL('fullDiskChild.ts', import.meta.url));

interface Report {
  readonly failure?: { readonly code: string };
  readonly whileFull: { readonly status: RootStatus; readonly health: string };
  readonly summary: { readonly chunks: number };
  readonly after: { readonly status: RootStatus; readonly health: string };
}

test('a full disk stops indexing without harm, and it goes on when there is room', (context) => {
  const base = temporaryFolder(context);
  const [folder, storage, log] = ['workspace', 'storage', 'log'].map((name) => path.join(base, name)) as [
    string,
    string,
    string,
  ];
  fs.mkdirSync(folder);
  fs.mkdirSync(storage);
  for (let i = 0; i < 300; i += 1) {
    const functions = Array.from(
      { length: 8 },
      (_, j) => `function f${i}x${j}() {\n  return ${i * j} + word${i % 40};\n}\n`,
    );
    fs.writeFileSync(path.join(folder, `f${i}.ts`), functions.join('\n'));
  }
  const output = runWithSmallFileSystem(storage, 24_000_000, [process.execPath, child, folder, storage, log]);
  if (output === undefined) {
    context.diagnostic('NOT RUN: this machine lets nobody mount a small file system');
    return;
  }
  const { failure, whileFull, summary, after } = JSON.parse(output) as Report;
  assert.equal(failure?.code, 'disk_full');
  assert.equal(whileFull.status.phase, 'error');
  assert.equal(whileFull.status.error?.code, 'disk_full');
  assert.equal(whileFull.health, 'ok');
  assert.equal(summary.chunks, 2400);
  assert.equal(after.status.phase, 'ready');
  assert.equal(after.status.embedded, 2400);
  assert.equal(after.health, 'ok');
  const encoded = fs.readFileSync(log, 'utf8').trim().split('\n');
  const db = new Database(`${log}.db`);
  context.after(() => db.close());
  assert.equal(db.prepare('SELECT count(*) FROM embeddings').pluck().get(), 2400);
  // What was in flight when the disk ran full is encoded again, nothing else.
  assert.ok(encoded.length >= 2400 && encoded.length < 2400 * 2, `${encoded.length} texts were encoded`);
});
