import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, test } from 'node:test';
import { readModelFolder } from '../../../src/engine/model/modelFolder.ts';
import { createEncoder } from '../../../src/engine/runtime/createEncoder.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import { tinyModelFiles } from '../../support/tinyModel.ts';
import { referenceModel, weight, withHeader } from '../../unit/engine/runtime/referenceModel.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'sextant-adapter-'));
after(() => rmSync(root, { recursive: true, force: true }));

const reference = referenceModel('modernbert-v5');
const [tableName, [vocabulary = 0, width = 0]] = reference.tensors.find(([name]) =>
  name.endsWith('tok_embeddings.weight'),
)!;
const rank = 3;

function wave(count: number, step: number): Float32Array {
  return Float32Array.from({ length: count }, (_, index) => Math.sin(index * step));
}

const rows = wave(vocabulary * rank, 0.7);
const columns = wave(width * rank, 1.3);

/** A safetensors file of float32 tensors. */
function tensorFile(tensors: Readonly<Record<string, readonly [readonly number[], Float32Array]>>): Buffer {
  let offset = 0;
  const header = Object.fromEntries(
    Object.entries(tensors).map(([name, [shape, data]]) => {
      const start = offset;
      offset += data.byteLength;
      return [name, { dtype: 'F32', shape, data_offsets: [start, offset] }];
    }),
  );
  return withHeader(header, Buffer.concat(Object.values(tensors).map(([, data]) => Buffer.from(data.buffer))));
}

function write(folder: string, files: Readonly<Record<string, Buffer | string>>): string {
  const at = path.join(root, folder);
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(at, name)), { recursive: true });
    writeFileSync(path.join(at, name), content);
  }
  return at;
}

function digest(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

const files = tinyModelFiles();
const base = write('base', files);
const adapter = tensorFile({
  'adapter.embeddings.rows': [[vocabulary, rank], rows],
  'adapter.embeddings.columns': [[width, rank], columns],
});

function adapterFolder(name: string, manifest: Readonly<Record<string, unknown>> = {}): string {
  const described = {
    name,
    pooling: 'cls',
    base: { folder: 'base', sha256: digest(files['model.safetensors']!) },
    ...manifest,
  };
  return write(name, {
    'config.json': files['config.json']!,
    'adapter.safetensors': adapter,
    'sextant.json': JSON.stringify(described),
  });
}

test('an adapter embeds as the model does whose table it changes', async () => {
  const merged = weight(tableName, [vocabulary, width]);
  for (let row = 0; row < vocabulary; row++) {
    for (let column = 0; column < width; column++) {
      for (let k = 0; k < rank; k++)
        merged[row * width + column]! += rows[row * rank + k]! * columns[column * rank + k]!;
    }
  }
  const tensors = reference.tensors.map(
    ([name, shape]) => [name, [shape, name === tableName ? merged : weight(name, shape)]] as const,
  );
  const whole = write('whole', { ...files, 'model.safetensors': tensorFile(Object.fromEntries(tensors)) });
  const texts = ['w5 w6 w7', 'w8', 'w9 w10 w11 w12 w13'];
  const embed = async (modelDir: string, prefixed: readonly string[]): Promise<readonly Float32Array[]> => {
    const encoder = await createEncoder({ modelDir, threads: 1, backend: 'cpu' });
    try {
      return (await encoder.embed(prefixed, 'document')).embeddings;
    } finally {
      await encoder.dispose();
    }
  };
  const [adapted, expected, unchanged] = [
    await embed(adapterFolder('adapter'), texts),
    await embed(whole, texts),
    await embed(base, texts),
  ];
  for (const [index, embedding] of adapted.entries()) {
    for (const [column, value] of embedding.entries()) {
      assert.ok(Math.abs(value - expected[index]![column]!) < 1e-5, `text ${index}, column ${column}`);
    }
    assert.notDeepEqual(embedding, unchanged[index]);
  }
});

async function refused(folder: string, code: string, message: RegExp): Promise<void> {
  await assert.rejects(readModelFolder(folder), (error) => {
    assert.ok(error instanceof SextantError);
    assert.equal(error.code, code);
    assert.match(error.message, message);
    return true;
  });
}

test('an adapter of other weights is refused', async () => {
  const folder = adapterFolder('stranger', { base: { folder: 'base', sha256: '0'.repeat(64) } });
  await refused(folder, 'model_invalid', /made for other weights of base/);
});

test('an adapter without its base, or with one elsewhere, is refused', async () => {
  const sha256 = digest(files['model.safetensors']!);
  await refused(adapterFolder('orphan', { base: { folder: 'gone', sha256 } }), 'model_missing', /no model at .*gone/);
  await refused(adapterFolder('stray', { base: { folder: '../base', sha256 } }), 'model_invalid', /base\.folder/);
});

test('a damaged adapter is refused', async () => {
  const folder = adapterFolder('damaged', {
    files: { 'adapter.safetensors': { sha256: '1'.repeat(64), bytes: adapter.length } },
  });
  await refused(folder, 'model_invalid', /adapter\.safetensors is not the file/);
});

test('adapters of one base have fingerprints of their own', async () => {
  const [first, second] = await Promise.all([base, adapterFolder('adapter')].map((folder) => readModelFolder(folder)));
  assert.notEqual(first!.fingerprint, second!.fingerprint);
});
