import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { ModelLibrary } from '../../../src/engine/models/modelLibrary.ts';
import { ModelService } from '../../../src/engine/models/modelService.ts';
import { SextantError, type ErrorCode } from '../../../src/shared/errors.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { tinyBaseFiles, tinyModelFiles } from '../../support/tinyModel.ts';
import { zipArchive, type ZipEntry } from '../../support/zipArchive.ts';

const files = tinyModelFiles();
const entries = (prefix = ''): ZipEntry[] =>
  Object.entries(files).map(([name, data]) => ({ name: `${prefix}${name}`, data }));

interface Bench {
  readonly home: string;
  readonly service: ModelService;
  readonly library: ModelLibrary;
  archive(content: readonly ZipEntry[] | Buffer): string;
}

function bench(t: TestContext): Bench {
  const home = temporaryFolder(t);
  const library = new ModelLibrary(path.join(home, 'models'));
  return {
    home,
    library,
    service: new ModelService({ library }),
    archive: (content) => {
      const file = path.join(home, 'my model.zip');
      writeFileSync(file, Buffer.isBuffer(content) ? content : zipArchive(content));
      return file;
    },
  };
}

function writeFolder(folder: string, content: Readonly<Record<string, Buffer>>): string {
  for (const [name, data] of Object.entries(content)) {
    const file = path.join(folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, data);
  }
  return folder;
}

/** Refused with this, and not a file was written into the library. */
async function refused(bed: Bench, from: string, code: ErrorCode, message: RegExp): Promise<void> {
  await assert.rejects(bed.service.import(from, {}), (error) => {
    assert.ok(error instanceof SextantError, String(error));
    assert.equal(error.code, code, error.message);
    assert.match(error.message, message);
    return true;
  });
  const written = readdirSync(bed.library.directory, { recursive: true });
  assert.deepEqual(
    written.filter((name) => name !== '.downloads'),
    [],
  );
}

describe('a zip archive', () => {
  test('is installed, its needed files only, wrapped in a folder or not', async (t) => {
    for (const prefix of ['', 'tiny-main/']) {
      const bed = bench(t);
      const { model } = await bed.service.import(bed.archive(entries(prefix)), {});
      assert.equal(model.name, 'my-model');
      assert.equal(model.license, 'apache-2.0');
      assert.equal(model.dimension, 64);
      const names = readdirSync(model.directory).sort();
      assert.ok(names.includes('model.safetensors') && names.includes('1_Pooling'));
      assert.ok(!names.includes('onnx') && !names.includes('.gitattributes'));
      const again = await bed.service.import(bed.archive(entries(prefix)), {});
      assert.equal(again.model.id, model.id, 'the same contents are the same model');
    }
  });

  test('with paths, links or entries that are none is refused as a whole', async (t) => {
    const data = Buffer.from('x');
    const hostile: [ZipEntry, RegExp][] = [
      [{ name: '../evil', data }, /invalid relative path|outside/],
      [{ name: 'a/../../evil', data }, /invalid relative path|outside/],
      [{ name: '/etc/evil', data }, /absolute path|outside/],
      [{ name: 'C:/evil', data }, /absolute path|outside/],
      [{ name: '..\\evil', data }, /invalid characters|outside/],
      [{ name: 'link', data: Buffer.from('/etc/passwd'), mode: 0o120777 }, /symbolic link/],
      [{ name: 'secret', data, encrypted: true }, /encrypted/],
      [{ name: 'config.json', data }, /twice/],
    ];
    for (const [entry, reason] of hostile) {
      const bed = bench(t);
      await refused(bed, bed.archive([...entries(), entry]), 'model_invalid', reason);
    }
  });

  test('that unpacks to a hundred times its size is refused, and so is one that lies about sizes', async (t) => {
    const bomb = bench(t);
    const zeros = { name: 'model.safetensors', data: Buffer.alloc(80 * 1024 * 1024) };
    const others = entries().filter(({ name }) => name !== zeros.name);
    await refused(bomb, bomb.archive([...others, zeros]), 'model_invalid', /times its size/);
    const liar = bench(t);
    const lying = entries().map((entry) =>
      entry.name === 'model.safetensors' ? { ...entry, claimedSize: 100 } : entry,
    );
    await refused(liar, liar.archive(lying), 'model_invalid', /damaged|lies/);
    const huge = bench(t);
    const claim = entries().map((entry) => (entry.name === 'config.json' ? { ...entry, claimedSize: 4e9 } : entry));
    await refused(huge, huge.archive(claim), 'model_invalid', /cannot be right/);
  });

  test('that is none or cut off is refused', async (t) => {
    const bed = bench(t);
    await refused(bed, bed.archive(Buffer.from('no zip')), 'invalid_argument', /not a zip/);
    const whole = zipArchive(entries());
    await refused(bed, bed.archive(whole.subarray(0, whole.length / 2)), 'invalid_argument', /not a zip/);
    await refused(bed, bed.archive([]), 'model_invalid', /no model\.safetensors/);
  });
});

describe('a folder', () => {
  test('is copied, with links followed as the hub’s cache has them', async (t) => {
    const bed = bench(t);
    const blobs = writeFolder(path.join(bed.home, 'blobs'), files);
    const snapshot = path.join(bed.home, 'tiny');
    mkdirSync(path.join(snapshot, '1_Pooling'), { recursive: true });
    for (const name of Object.keys(files).filter((file) => !file.startsWith('onnx'))) {
      symlinkSync(path.join(blobs, name), path.join(snapshot, name));
    }
    const { model, notes } = await bed.service.import(snapshot, {});
    assert.deepEqual([model.name, model.purpose, notes], ['tiny', 'embedding', []]);
    const named = await bed.service.import(snapshot, { name: 'mine' });
    assert.equal(named.model.name, 'mine');
    assert.deepEqual((await bed.library.list()).map(({ name }) => name).sort(), [
      'mine',
      'sextant-embed-small',
      'tiny',
    ]);
  });

  test('without a model, or that is not there, is refused', async (t) => {
    const bed = bench(t);
    await refused(bed, path.join(bed.home, 'nowhere'), 'not_found', /no folder/);
    const empty = path.join(bed.home, 'empty');
    mkdirSync(empty);
    await refused(bed, empty, 'model_invalid', /no model\.safetensors/);
    const mismatch = { ...tinyBaseFiles('bert'), 'config.json': files['config.json']! };
    await refused(bed, writeFolder(path.join(bed.home, 'mismatch'), mismatch), 'model_invalid', /./);
  });

  test('cancelled in the middle leaves nothing', async (t) => {
    const bed = bench(t);
    const folder = writeFolder(path.join(bed.home, 'tiny'), files);
    await assert.rejects(bed.service.import(folder, { signal: AbortSignal.abort() }), { name: 'AbortError' });
    assert.deepEqual(readdirSync(bed.library.staging('.')), []);
  });

  test('keeps what its own sextant.json says, and is refused when the digests in it are wrong', async (t) => {
    const bed = bench(t);
    const own = {
      name: 'other',
      pooling: 'mean',
      prefixes: { query: 'q ', document: 'd ' },
      dimension: 32,
      license: 'mit',
    };
    const manifest = (more: object): Buffer => Buffer.from(JSON.stringify({ ...own, ...more }));
    const folder = writeFolder(path.join(bed.home, 'tuned'), { ...files, 'sextant.json': manifest({}) });
    const { model } = await bed.service.import(folder, {});
    assert.deepEqual([model.name, model.dimension, model.license, model.purpose], ['other', 32, 'mit', 'embedding']);
    const wrong = { files: { 'model.safetensors': { sha256: '0'.repeat(64), bytes: 1 } } };
    const damaged = writeFolder(path.join(bed.home, 'damaged'), { ...files, 'sextant.json': manifest(wrong) });
    await assert.rejects(bed.service.import(damaged, {}), { code: 'model_invalid' });
  });
});
