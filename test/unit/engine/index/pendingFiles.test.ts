import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { PendingFiles, scanFrom } from '../../../../src/engine/index/pendingFiles.ts';

const root = path.resolve('/home/me/space');
const inside = (name: string): string => path.join(root, name);

/** Files whose first scan is over. */
async function scanned(): Promise<PendingFiles> {
  const files = new PendingFiles(root);
  assert.equal(files.next, 'scan');
  await files.scan(() => Promise.resolve());
  assert.equal(files.next, undefined);
  return files;
}

test('changed files are looked at one by one, a flood of them by a scan', async () => {
  const files = await scanned();
  assert.equal(files.add([path.resolve('/elsewhere/a.ts')]), false);
  assert.equal(files.add([inside('a.ts'), inside('a.ts')]), true);
  assert.equal(files.next, 'update');
  await files.update((paths) => {
    assert.deepEqual(paths, ['a.ts']);
    return Promise.resolve(false);
  });
  assert.equal(files.next, undefined);
  files.add(Array.from({ length: scanFrom }, (_, n) => inside(`${n}.ts`)));
  assert.equal(files.next, 'scan');
});

test('what fails stays to be done, and what comes meanwhile is kept', async () => {
  const files = await scanned();
  files.force(['a.ts']);
  const failing = files.update(() => {
    files.add([inside('b.ts')]);
    return Promise.reject(new Error('disk'));
  });
  await assert.rejects(failing, /disk/);
  await files.update((paths, forced) => {
    assert.deepEqual([[...paths].sort(), [...forced]], [['a.ts', 'b.ts'], ['a.ts']]);
    return Promise.resolve(true);
  });
  assert.equal(files.next, 'scan', 'asked for by the update');
  await assert.rejects(
    files.scan(() => Promise.reject(new Error('gone'))),
    /gone/,
  );
  assert.equal(files.scanDue, true);
});

test('a scan that is asked for during a scan follows it', async () => {
  const files = new PendingFiles(root);
  await files.scan(() => {
    assert.equal(files.scanDue, false);
    files.wantScan();
    return Promise.resolve();
  });
  assert.equal(files.next, 'scan');
});
