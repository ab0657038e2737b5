import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { readModelFolder } from '../../../src/engine/model/modelFolder.ts';
import { embeddedModelDirectory, workerEntry } from '../../../src/engine/paths.ts';
import { createEncoder } from '../../../src/engine/runtime/createEncoder.ts';
import { CudaModel } from '../../../src/engine/runtime/cuda/cudaModel.ts';
import type { Embedded, EmbedKind } from '../../../src/engine/runtime/encoder.ts';
import type { EncodeRequest } from '../../../src/engine/runtime/encodeWorker.ts';
import type { Matrix } from '../../../src/engine/runtime/ortModel.ts';
import { PackedEncoder } from '../../../src/engine/runtime/packedEncoder.ts';
import { PackedRunner } from '../../../src/engine/runtime/packedRunner.ts';
import { WorkerLink } from '../../../src/engine/runtime/workerLink.ts';
import { nativeTestBuild } from '../../support/nativeBuild.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const build = nativeTestBuild();
const texts = Array.from(
  { length: 24 },
  (_, i) => `def area_${i}(width, height): return ${'width * '.repeat(1 + i)}height`,
);

test('texts get the CPU’s embeddings, queries and documents alike', (t) =>
  withEncoder(t, '', async (encoder) => {
    await checkTexts(encoder, 'document');
    await checkTexts(encoder, 'query');
    const { name, reason, deviceSeconds } = encoder.backend;
    assert.deepEqual([name, reason], ['cuda', 'test']);
    assert.ok(deviceSeconds !== undefined && deviceSeconds > 0, 'the time of the device');
  }));

test('a batch that finds no memory is halved until it fits, and a text that never fits goes to the CPU', (t) => {
  const refuse = `if (ids.length > 40) throw Object.assign(new Error('full'), { code: 'out_of_memory' });`;
  return withEncoder(t, refuse, async (encoder) => {
    await checkTexts(encoder, 'document');
    assert.equal(encoder.backend.name, 'cuda');
  });
});

test('after a failure of the device the CPU goes on, and the status says so', (t) => {
  const fail = `if (++calls > 1) throw Object.assign(new Error('unspecified launch failure'), { code: 'device' });`;
  return withEncoder(t, fail, async (encoder) => {
    await checkTexts(encoder, 'document');
    await checkTexts(encoder, 'document');
    assert.equal(encoder.backend.name, 'cpu');
    assert.match(encoder.backend.reason, /unspecified launch failure/);
    assert.deepEqual(structuredClone(encoder.backend), JSON.parse(JSON.stringify(encoder.backend)));
  });
});

test('cancelling rejects with the reason of the signal, and the encoder goes on', (t) =>
  withEncoder(t, '', async (encoder) => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const embedding = encoder.embed(texts, 'document', { signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(embedding, reason);
    await checkTexts(encoder, 'document');
  }));

let expected: Promise<Embedded> | undefined;

async function embedOnCpu(): Promise<Embedded> {
  const encoder = await createEncoder({ modelDir: embeddedModelDirectory, threads: 1, backend: 'cpu' });
  try {
    return await encoder.embed(texts, 'document');
  } finally {
    await encoder.dispose();
  }
}

async function checkTexts(encoder: PackedEncoder, kind: EmbedKind): Promise<void> {
  const [{ embeddings, tokens }, cpu] = await Promise.all([encoder.embed(texts, kind), (expected ??= embedOnCpu())]);
  assert.equal(tokens, cpu.tokens);
  for (const [index, embedding] of embeddings.entries()) {
    const cosine = embedding.reduce((sum, value, i) => sum + value * cpu.embeddings[index]![i]!, 0);
    assert.ok(cosine > 0.9999, `text ${index}: ${cosine}`);
  }
}

/** The embedded model on the scalar reference of the tests' addon; `before` is JavaScript to run ahead of each batch. */
async function withEncoder(
  t: TestContext,
  before: string,
  run: (encoder: PackedEncoder) => Promise<void>,
): Promise<void> {
  if (typeof build === 'string') {
    t.skip(build);
    return;
  }
  const addon = path.join(temporaryFolder(t), 'addon.cjs');
  const wrapper = `const real = require(${JSON.stringify(build.addon)});
let calls = 0;
module.exports = { ...real, async encode(session, ids, ...rest) { ${before} return await real.encode(session, ids, ...rest); } };`;
  writeFileSync(addon, wrapper);
  const model = await readModelFolder(embeddedModelDirectory);
  const settings = { folder: model.folder, threads: 1, head: 'embedding', precision: 'float32' } as const;
  const device = await CudaModel.open({
    model,
    head: 'embedding',
    addon,
    backend: 'reference',
    device: 0,
    generation: 80,
    memoryBytes: 512 * 1024 * 1024,
    reason: 'test',
    openFallback: () => new WorkerLink<EncodeRequest, Matrix>(workerEntry('encodeWorker'), settings, 'encoder'),
  });
  const runner = new PackedRunner({ model, threads: 1, head: 'embedding', precision: 'float32', device });
  const encoder = new PackedEncoder(model, runner, device.status);
  try {
    await run(encoder);
  } finally {
    await encoder.dispose();
  }
}
