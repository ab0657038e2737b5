import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import Database from 'better-sqlite3';
import { Engine } from '../../../src/engine/engine.ts';
import { databaseFile } from '../../../src/engine/store/databaseFile.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import { defaultEngineSettings, type EngineSettings } from '../../../src/shared/protocol.ts';
import type { RootStatus } from '../../../src/shared/status.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const ordinary = 'export function ordinaryNeighbour() {\n  return "still here";\n}\n';

interface Opened {
  readonly engine: Engine;
  readonly folder: string;
  readonly status: () => RootStatus;
  /** Paths of the results of a keyword query that hold it to the letter. */
  readonly find: (query: string) => Promise<string[]>;
}

/** An engine over a folder that `fill` has written to, indexed as far as it goes without a model. */
async function opened(
  t: TestContext,
  fill: (folder: string) => void,
  settings: Partial<EngineSettings> = {},
): Promise<Opened> {
  const base = temporaryFolder(t);
  const folder = path.join(base, 'workspace');
  fs.mkdirSync(folder);
  fs.writeFileSync(path.join(folder, 'ordinary.ts'), ordinary);
  fill(folder);
  const engine = new Engine({
    storageDir: path.join(base, 'store'),
    settings: { ...defaultEngineSettings, modelPath: path.join(base, 'no-model'), ...settings },
  });
  t.after(() => engine.dispose());
  await engine.openRoots([{ uri: pathToFileURL(folder).href, path: folder, name: 'workspace' }]);
  await engine.whenIdle();
  const find = async (query: string): Promise<string[]> => {
    const { results } = await engine.search(
      { query, mode: 'keyword', limit: 20, filters: {} },
      AbortSignal.timeout(10_000),
    );
    return [...new Set(results.filter(({ text }) => text.includes(query)).map((result) => result.path))];
  };
  assert.deepEqual((await find('ordinaryNeighbour')).slice(0, 1), ['ordinary.ts'], 'its neighbours are indexed');
  return { engine, folder, find, status: () => engine.status().roots[0]! };
}

function write(folder: string, name: string, content: string | Uint8Array): void {
  fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
  fs.writeFileSync(path.join(folder, name), content);
}

test('a 50 MB line is skipped and counted, whether or not the size limit stops it', async (t) => {
  const line = `var data = "${'x'.repeat(50 * 1024 * 1024)}";`;
  const small = await opened(t, (folder) => write(folder, 'huge.js', line));
  assert.equal(small.status().skipped.too_large, 1);
  const large = await opened(t, (folder) => write(folder, 'huge.js', line), { maxFileSizeBytes: 100 * 1024 * 1024 });
  assert.equal(large.status().skipped.minified, 1);
});

test('text in other encodings is read, binary data is not', async (t) => {
  const { find, status } = await opened(t, (folder) => {
    write(folder, 'utf16.py', Buffer.from('\ufeffdef sixteenBits():\n    return 16\n', 'utf16le'));
    write(folder, 'latin.py', Buffer.from('# caf\xe9\ndef latinOne():\n    return 1\n', 'latin1'));
    write(folder, 'nul.py', 'def nulBytes():\n    return "\0\0"\n');
  });
  assert.deepEqual(await find('sixteenBits'), ['utf16.py']);
  assert.deepEqual(await find('latinOne'), ['latin.py']);
  assert.deepEqual(await find('nulBytes'), []);
  assert.equal(status().skipped.binary, 1);
});

test('ten thousand levels of nesting are cut somehow and do not stop the rest', async (t) => {
  const deep = `${'('.repeat(10_000)}deepInside${')'.repeat(10_000)}`;
  const { status } = await opened(t, (folder) => {
    write(folder, 'deep.js', `${deep.replace(/(.{60})/g, '$1\n')};\n`);
    write(folder, 'deep.json', '['.repeat(10_000) + ']'.repeat(10_000));
    write(
      folder,
      'deep.py',
      Array.from({ length: 90 }, (_, i) => `${' '.repeat(i)}if x:\n`).join('') + ' '.repeat(90) + 'pass\n',
    );
  });
  assert.ok(status().files >= 2);
  assert.equal(status().phase, 'ready');
});

test('links neither loop nor lead out of the workspace', async (t) => {
  const { find, folder } = await opened(t, (folder) => {
    const outside = path.join(folder, '..', 'outside');
    write(outside, 'secret.ts', 'export const outsideSecret = 1;\n');
    write(folder, 'inside/real.ts', 'export const insideOnce = 1;\n');
    fs.symlinkSync('..', path.join(folder, 'inside', 'loop'));
    fs.symlinkSync(outside, path.join(folder, 'leak'));
    fs.symlinkSync(path.join(outside, 'secret.ts'), path.join(folder, 'leak.ts'));
    fs.symlinkSync('inside/real.ts', path.join(folder, 'alias.ts'));
    fs.symlinkSync('nowhere', path.join(folder, 'dangling.ts'));
  });
  assert.deepEqual(await find('outsideSecret'), []);
  assert.equal((await find('insideOnce')).length, 1, folder);
});

test('names with quotes, newlines and emoji are indexed under their own name', async (t) => {
  const names = [
    `it's "quoted".ts`,
    'two\nlines.ts',
    '🧭 compass.ts',
    '-rf.ts',
    'a%20b#c?.ts',
    "'; DROP TABLE files; --.ts",
  ];
  const { find, engine, folder } = await opened(t, (folder) => {
    for (const [index, name] of names.entries()) write(folder, name, `export function oddName${index}x() {}\n`);
  });
  for (const [index, name] of names.entries()) assert.deepEqual(await find(`oddName${index}x`), [name]);
  fs.rmSync(path.join(folder, names[1]!));
  engine.filesChanged([path.join(folder, names[1]!)]);
  await engine.whenIdle();
  assert.deepEqual(await find('oddName1x'), []);
});

const rootReadsAll = process.getuid?.() === 0 ? 'root may read every file' : false;

test('a file that cannot be read is counted', { skip: rootReadsAll }, async (t) => {
  const { status } = await opened(t, (folder) => {
    write(folder, 'locked.ts', 'export const locked = 1;\n');
    fs.chmodSync(path.join(folder, 'locked.ts'), 0);
  });
  assert.deepEqual([status().files, status().skipped.unreadable], [1, 1]);
});

test('a folder that vanishes is said, keeps answering, and comes back', async (t) => {
  const { engine, folder, find, status } = await opened(t, (folder) =>
    write(folder, 'gone.ts', 'export const goneSoon = 1;\n'),
  );
  fs.renameSync(folder, `${folder}.away`);
  await engine.reindex(undefined, false);
  await assert.rejects(
    engine.whenIdle(),
    (error) => error instanceof SextantError && error.code === 'workspace_missing',
  );
  assert.equal(status().error?.code, 'workspace_missing');
  assert.deepEqual(await find('goneSoon'), ['gone.ts'], 'the index is kept');
  fs.renameSync(`${folder}.away`, folder);
  await engine.reindex(undefined, false);
  await engine.whenIdle();
  assert.equal(status().error, undefined);
});

test('a file that changes while it is indexed ends up in its last state', async (t) => {
  const { engine, folder, find } = await opened(t, (folder) =>
    write(folder, 'busy.ts', 'export const version0 = 0;\n'),
  );
  const file = path.join(folder, 'busy.ts');
  for (let version = 1; version <= 30; version += 1) {
    fs.writeFileSync(file, `export const version${version}q = ${version};\n`.repeat(1 + (version % 7)));
    engine.filesChanged([file]);
    if (version % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  await engine.whenIdle();
  assert.deepEqual(await find('version30q'), ['busy.ts']);
  assert.deepEqual(await find('version29q'), []);
});

test('a model that lies about its tensors is refused, and words go on working', async (t) => {
  const base = temporaryFolder(t);
  const model = path.join(base, 'model');
  const header = Buffer.from(JSON.stringify({ x: { dtype: 'F32', shape: [1e9, 1e9], data_offsets: [0, 4e18] } }));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  write(model, 'config.json', JSON.stringify({ model_type: 'modernbert', hidden_size: 64, num_hidden_layers: 1 }));
  write(model, 'tokenizer.json', '{}');
  for (const weights of [Buffer.concat([length, header]), length, Buffer.alloc(0), Buffer.alloc(8, 0xff)]) {
    write(model, 'model.safetensors', weights);
    const { engine, find } = await opened(t, () => undefined, { modelPath: model });
    await assert.rejects(engine.encoder(), (error) => error instanceof SextantError && error.code === 'model_invalid');
    assert.deepEqual(await find('ordinaryNeighbour'), ['ordinary.ts']);
  }
});

test('an empty workspace is ready, with nothing in it', async (t) => {
  const base = temporaryFolder(t);
  const engine = new Engine({ storageDir: path.join(base, 'store'), settings: defaultEngineSettings });
  t.after(() => engine.dispose());
  const folder = path.join(base, 'empty');
  fs.mkdirSync(folder);
  await engine.openRoots([{ uri: pathToFileURL(folder).href, path: folder, name: 'empty' }]);
  await engine.whenIdle();
  const status = engine.status().roots[0]!;
  assert.deepEqual([status.files, status.chunks], [0, 0]);
  const answer = await engine.search(
    { query: 'anything', mode: 'hybrid', limit: 5, filters: {} },
    AbortSignal.timeout(10_000),
  );
  assert.deepEqual(answer.results, []);
});

test('a folder whose index is of a newer version is said, and the others work', async (t) => {
  const { engine, folder, find } = await opened(t, () => undefined);
  const newer = path.join(folder, '..', 'newer');
  write(newer, 'a.ts', 'export const inNewer = 1;\n');
  const file = databaseFile(path.join(folder, '..', 'store'), newer);
  const db = new Database(file);
  db.pragma('user_version = 9999');
  db.close();
  const roots = [newer, folder].map((root) => ({
    uri: pathToFileURL(root).href,
    path: root,
    name: path.basename(root),
  }));
  const status = await engine.openRoots(roots);
  const broken = status.roots.find((root) => root.name === 'newer');
  assert.equal(broken?.error?.code, 'database_too_new');
  assert.deepEqual(await find('ordinaryNeighbour'), ['ordinary.ts']);
});
