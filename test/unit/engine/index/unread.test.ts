import assert from 'node:assert/strict';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { test, type TestContext } from 'node:test';
import { IndexedFolder } from '../../../support/indexedFolder.ts';

const files = {
  'src/a.ts': 'function alpha() {}\n',
  'src/b.ts': 'function beta() {}\n',
  'docs/guide.md': '# Install\n\nRun the installer.\n',
};

/** Makes calls for the path fail with the code, as long as there is one; returns how many did. */
function failing(context: TestContext, name: 'readdir' | 'lstat', path: string, codeNow: () => string): () => number {
  const original = fs[name] as (...args: unknown[]) => void;
  let failures = 0;
  const replacement = (...args: unknown[]): void => {
    const code = codeNow();
    if (args[0] === path) {
      failures += 1;
      (args.at(-1) as (error: Error) => void)(Object.assign(new Error(code), { code }));
    } else original(...args);
  };
  const install = (implementation: unknown): void => {
    Object.assign(fs, { [name]: implementation });
    syncBuiltinESMExports();
  };
  context.after(() => install(original));
  install(replacement);
  return () => failures;
}

async function indexed(context: TestContext): Promise<IndexedFolder> {
  const folder = new IndexedFolder(context, files);
  folder.indexer.start();
  await folder.indexer.whenIdle();
  return folder;
}

async function rescanned(folder: IndexedFolder): Promise<string[]> {
  folder.indexer.rescan();
  await folder.indexer.whenIdle();
  return folder.paths();
}

test('a folder that cannot be read for a moment keeps its files, one that is gone does not', async (context) => {
  const folder = await indexed(context);
  let code = 'EIO';
  const failures = failing(context, 'readdir', folder.absolute('src'), () => code);
  assert.deepEqual(await rescanned(folder), ['docs/guide.md', 'src/a.ts', 'src/b.ts']);
  code = 'ENOENT';
  assert.deepEqual(await rescanned(folder), ['docs/guide.md']);
  assert.equal(failures(), 2);
});

test('a file that cannot be looked at for a moment stays, in a scan and when it is saved', async (context) => {
  const folder = await indexed(context);
  let code = 'EMFILE';
  const failures = failing(context, 'lstat', folder.absolute('src/a.ts'), () => code);
  assert.deepEqual(await rescanned(folder), ['docs/guide.md', 'src/a.ts', 'src/b.ts']);
  folder.indexer.filesChanged([folder.absolute('src/a.ts')]);
  await folder.indexer.whenIdle();
  assert.deepEqual(folder.paths(), ['docs/guide.md', 'src/a.ts', 'src/b.ts']);
  const before = failures();
  assert.ok(before >= 2);
  code = 'ENOENT';
  folder.indexer.filesChanged([folder.absolute('src/a.ts')]);
  await folder.indexer.whenIdle();
  assert.deepEqual(folder.paths(), ['docs/guide.md', 'src/b.ts']);
  assert.ok(failures() > before);
});
