import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { createEncoder } from '../../../../src/engine/runtime/createEncoder.ts';
import type { Encoder } from '../../../../src/engine/runtime/encoder.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { tinyModelFiles } from '../../../support/tinyModel.ts';

async function open(t: TestContext, name: string, precision: 'float32' | 'int8'): Promise<Encoder> {
  const folder = temporaryFolder(t);
  for (const [file, data] of Object.entries(tinyModelFiles(name, 'mean'))) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), data);
  }
  const encoder = await createEncoder({ modelDir: folder, threads: 1, backend: 'cpu', precision });
  t.after(() => encoder.dispose());
  return encoder;
}

async function embeddings(
  t: TestContext,
  name: string,
  precision: 'float32' | 'int8',
): Promise<readonly Float32Array[]> {
  const encoder = await open(t, name, precision);
  const embedded = await encoder.embed(texts, 'document');
  await encoder.dispose();
  return embedded.embeddings;
}

const texts = ['w7', 'w8 w9 w10 w11', Array.from({ length: 200 }, (_, index) => `w${index % 97}`).join(' ')];
const dot = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, index) => sum + value * b[index]!, 0);

test('8-bit products stay close to exact ones, for each family of models', async (t) => {
  for (const name of ['modernbert-v5', 'modernbert-v4', 'bert', 'roberta', 'distilbert']) {
    const exact = await embeddings(t, name, 'float32');
    const rounded = await embeddings(t, name, 'int8');
    for (const [index, embedding] of exact.entries()) {
      const cosine = dot(embedding, rounded[index]!);
      assert.ok(cosine > 0.98, `${name}: ${cosine}`);
      assert.ok(cosine < 1 - 1e-9, 'it is not the exact one again');
    }
  }
});

test('a text has the same 8-bit embedding alone and in company', async (t) => {
  const encoder = await open(t, 'modernbert-v5', 'int8');
  const together = await encoder.embed(texts, 'document');
  for (const [index, text] of texts.entries()) {
    const alone = await encoder.embed([text], 'document');
    assert.ok(dot(alone.embeddings[0]!, together.embeddings[index]!) > 1 - 1e-5);
  }
});

test('embeddings of different precision are never taken for comparable', async (t) => {
  const [exact, rounded] = [await open(t, 'bert', 'float32'), await open(t, 'bert', 'int8')];
  assert.notEqual(exact.fingerprint, rounded.fingerprint);
  assert.match(rounded.fingerprint, /^[0-9a-f]{64}$/);
});
