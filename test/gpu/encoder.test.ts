import assert from 'node:assert/strict';
import test from 'node:test';
import { createEncoder } from '../../src/engine/runtime/createEncoder.ts';
import { embeddedModelDirectory } from '../../src/engine/paths.ts';
import { checkEmbeddings, type AddonForTest } from '../support/nativeEncoder.ts';
import { gpuForTest } from './gpuForTest.ts';

const gpu = await gpuForTest();
const addon: AddonForTest = gpu.missing === undefined ? { file: gpu.file } : { missing: gpu.missing };

test('embeddings of every family agree with ONNX Runtime', async (t) => {
  for (const name of ['modernbert-v5', 'modernbert-v4', 'bert', 'roberta', 'xlm-roberta', 'distilbert']) {
    for (const type of ['F32', 'F16', 'BF16'] as const) {
      await t.test(`${name}, ${type}`, (subtest) => checkEmbeddings(subtest, addon, name, type, 'cuda', 0.02));
    }
  }
});

test('the model that ships gives the CPU’s embeddings, alone and in company, on the GPU', async (t) => {
  if (gpu.missing !== undefined) {
    t.skip(gpu.missing);
    return;
  }
  const texts = Array.from(
    { length: 300 },
    (_, i) => `function sum${i}(values) { return ${'values[0] + '.repeat(1 + (i % 90))}0; }`,
  );
  const open = (backend: 'cpu' | 'cuda') => createEncoder({ modelDir: embeddedModelDirectory, threads: 0, backend });
  const [cpu, cuda] = await Promise.all([open('cpu'), open('cuda')]);
  try {
    assert.equal(cuda.backend.name, 'cuda');
    const expected = await cpu.embed(texts, 'document');
    const together = await cuda.embed(texts, 'document');
    const again = await cuda.embed(texts, 'document');
    const queries = await Promise.all(texts.slice(0, 20).map((text) => cuda.embed([text], 'query')));
    assert.deepEqual(together.embeddings, again.embeddings);
    const cosine = (a: Float32Array, b: Float32Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    for (const [i, embedding] of expected.embeddings.entries()) {
      assert.ok(cosine(embedding, together.embeddings[i]!) >= 0.999, `text ${i}`);
      const query = queries[i]?.embeddings[0];
      if (query !== undefined) assert.ok(cosine(embedding, query) >= 0.999, `query ${i}`);
    }
  } finally {
    await Promise.all([cpu.dispose(), cuda.dispose()]);
  }
});
