import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test } from 'node:test';
import { IndexedFolder } from '../../../support/indexedFolder.ts';

const files = {
  'src/a.ts': 'function alpha() {}\n',
  'src/b.ts': 'function beta() {}\n',
  'docs/guide.md': '# Install\n\nRun the installer.\n',
};

test('a folder that cannot be read for a moment keeps its files, one that is gone does not', async (context) => {
  const folder = new IndexedFolder(context, files);
  folder.indexer.start();
  await folder.indexer.whenIdle();
  const readdir = fs.readdir as (...args: unknown[]) => void;
  let code = 'EIO';
  let failures = 0;
  const failing = (...args: unknown[]): void => {
    if (args[0] === folder.absolute('src')) {
      failures += 1;
      (args.at(-1) as (error: Error) => void)(Object.assign(new Error(code), { code }));
    } else readdir(...args);
  };
  const rescanned = async (): Promise<string[]> => {
    folder.indexer.rescan();
    await folder.indexer.whenIdle();
    return folder.paths();
  };
  context.after(() => {
    Object.assign(fs, { readdir });
    syncBuiltinESMExports();
  });
  Object.assign(fs, { readdir: failing });
  syncBuiltinESMExports();
  assert.deepEqual(await rescanned(), ['docs/guide.md', 'src/a.ts', 'src/b.ts']);
  code = 'ENOENT';
  assert.deepEqual(await rescanned(), ['docs/guide.md']);
  assert.equal(failures, 2);
});
