import assert from 'node:assert/strict';
import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { ModelLibrary } from '../../../../src/engine/models/modelLibrary.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

interface Shelf {
  readonly library: ModelLibrary;
  readonly put: (id: string, manifest?: object, config?: object) => string;
}

function shelf(t: TestContext): Shelf {
  const home = temporaryFolder(t);
  const library = new ModelLibrary(path.join(home, 'models'), path.join(home, 'embedded'));
  const put = (id: string, manifest?: object, config: object = { hidden_size: 64 }): string => {
    const folder = path.join(library.directory, id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
    writeFileSync(path.join(folder, 'model.safetensors'), Buffer.alloc(1000));
    if (manifest !== undefined) writeFileSync(path.join(folder, 'sextant.json'), JSON.stringify(manifest));
    return folder;
  };
  return { library, put };
}

test('models of any origin are listed: installed, copied there by hand, damaged', async (t) => {
  const { library, put } = shelf(t);
  assert.deepEqual(await library.list(), [], 'a library that was never used');
  const source = { kind: 'hub', repository: 'a/b', commit: 'c' };
  put('a--b@1', { name: 'a/b', dimension: 32, license: 'mit', purpose: 'base', source });
  put('by-hand');
  put('damaged', { name: 7 }, []);
  mkdirSync(path.join(library.directory, '.downloads', 'half'), { recursive: true });
  writeFileSync(path.join(library.directory, '.downloads', 'half', 'config.json'), '{}');
  const [first, second, third] = await library.list();
  assert.deepEqual(
    [first!.name, first!.dimension, first!.license, first!.purpose, first!.source],
    ['a/b', 32, 'mit', 'base', source],
  );
  assert.deepEqual([second!.name, second!.dimension, second!.problem], ['by-hand', 64, undefined]);
  assert.deepEqual([third!.name, third!.dimension], ['damaged', undefined]);
  assert.equal((await library.list()).length, 3, 'what is not finished is not listed');
});

test('a name stands for the revision that was installed last, an id for itself', (t) => {
  const { library, put } = shelf(t);
  const older = put('a--b@1', { name: 'a/b' });
  const newer = put('a--b@2', { name: 'a/b' });
  utimesSync(older, new Date(1000), new Date(1000));
  assert.equal(library.folderOf('A/B'), newer);
  assert.equal(library.folderOf('a--b@1'), older);
  assert.equal(library.folderOf('../models/a--b@1'), undefined);
  assert.deepEqual(library.names(), ['a/b', 'a/b']);
});

test('what is there already is not replaced by what comes later', async (t) => {
  const { library, put } = shelf(t);
  const folder = put('a--b@1', { name: 'first' });
  const staged = put('.downloads/x', { name: 'second' });
  assert.equal(await library.adopt(staged, 'a--b@1'), folder);
  assert.equal(existsSync(staged), false);
  assert.deepEqual(library.names(), ['first']);
});

test('the selection survives, and falls back to the default when its model goes', async (t) => {
  const { library, put } = shelf(t);
  const folder = put('a--b@1', { name: 'a/b' });
  assert.equal(library.selected(), undefined);
  assert.throws(() => library.select('nothing'), { code: 'model_missing' });
  library.select('a/b');
  assert.equal(new ModelLibrary(library.directory).selected(), folder);
  await library.remove('a--b@1');
  assert.equal(library.selected(), undefined);
  assert.equal(existsSync(folder), false);
  writeFileSync(path.join(library.directory, 'selected.json'), 'no json');
  assert.equal(library.selected(), undefined);
});

test('discarding frees unfinished downloads and nothing else', async (t) => {
  const { library, put } = shelf(t);
  put('a--b@1', { name: 'a/b' });
  put('.downloads/x');
  const before = await library.bytes();
  const freed = await library.discard();
  assert.ok(freed >= 1000);
  assert.equal(await library.bytes(), before - freed);
  assert.equal((await library.list()).length, 1);
});
