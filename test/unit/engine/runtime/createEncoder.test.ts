import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { Tokenizer, whitespaceSplitPreTokenizer, WordLevel } from 'tokenizers';
import { createClassifier, createEncoder } from '../../../../src/engine/runtime/createEncoder.ts';
import type { Encoder } from '../../../../src/engine/runtime/encoder.ts';
import { SextantError, type ErrorCode } from '../../../../src/shared/errors.ts';
import { floats, referenceModel, tokenIds, writeModelFolder } from './referenceModel.ts';

const reference = referenceModel('modernbert-v5');
const vocabulary = 97;

interface TestModel extends Disposable {
  readonly folder: string;
  readonly manifest: (changes: Record<string, unknown>) => void;
}

/** The reference model with a tokenizer that knows the words w0 to w96, each its own token. */
function testModel(name = 'modernbert-v5'): TestModel {
  const written = writeModelFolder(referenceModel(name));
  const { folder } = written;
  const words = Object.fromEntries(Array.from({ length: vocabulary }, (_, id) => [`w${id}`, id]));
  const tokenizer = new Tokenizer(WordLevel.init(words, { unkToken: 'w4' }));
  tokenizer.setPreTokenizer(whitespaceSplitPreTokenizer());
  tokenizer.save(path.join(folder, 'tokenizer.json'));
  const manifest = (changes: Record<string, unknown>): void =>
    writeFileSync(path.join(folder, 'sextant.json'), JSON.stringify({ name: 'tiny', pooling: 'mean', ...changes }));
  manifest({});
  return { folder, manifest, [Symbol.dispose]: () => written[Symbol.dispose]() };
}

async function open(model: TestModel): Promise<Encoder> {
  return createEncoder({ modelDir: model.folder, threads: 1, backend: 'auto' });
}

function words(ids: Int32Array): string {
  return Array.from(ids, (id) => `w${id}`).join(' ');
}

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = a.reduce((sum, value, index) => sum + value * b[index]!, 0);
  return dot / Math.hypot(...a) / Math.hypot(...b);
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof SextantError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

test('texts become the embeddings of transformers, in the order given', async () => {
  using model = testModel();
  const encoder = await open(model);
  try {
    const short = reference.cases.filter(({ length }) => length < 2000);
    const cases = [...short, ...short.toReversed()];
    const { embeddings, tokens } = await encoder.embed(
      cases.map(({ length }) => words(tokenIds(length, vocabulary))),
      'document',
    );
    assert.equal(
      tokens,
      cases.reduce((sum, { length }) => sum + length, 0),
    );
    assert.equal(embeddings.length, cases.length);
    for (const [index, { mean, length }] of cases.entries()) {
      assert.equal(embeddings[index]!.length, encoder.dimension);
      assert.ok(Math.abs(Math.hypot(...embeddings[index]!) - 1) < 1e-5);
      assert.ok(cosine(embeddings[index]!, floats(mean)) > 1 - 1e-6, `length ${length}`);
    }
    // Why there is no CUDA depends on the machine and on what was built.
    assert.equal(encoder.backend.name, 'cpu');
    assert.match(encoder.backend.reason, /CUDA|NVIDIA/);
  } finally {
    await encoder.dispose();
  }
});

test('prefixes, dimension and the longest input come from sextant.json', async () => {
  using model = testModel();
  model.manifest({ prefixes: { query: 'w7 w8 ', document: 'w9 ' }, dimension: 24, maxTokens: 5 });
  const encoder = await open(model);
  try {
    assert.equal(encoder.dimension, 24);
    const query = await encoder.embed(['w10 w11'], 'query');
    const document = await encoder.embed(['w10 w11', 'w10 w11 w12 w13 w14 w15 w16', 'w10 w11 w12 w13'], 'document');
    assert.equal(query.tokens, 4);
    assert.equal(document.tokens, 3 + 5 + 5);
    assert.equal(query.embeddings[0]!.length, 24);
    assert.deepEqual(document.embeddings[1], document.embeddings[2], 'both are cut to the same five tokens');
    assert.ok(cosine(query.embeddings[0]!, document.embeddings[0]!) < 0.9999, 'the prefixes differ');
  } finally {
    await encoder.dispose();
  }
});

test('an empty text and an empty list are embedded too', async () => {
  using model = testModel();
  const encoder = await open(model);
  try {
    assert.deepEqual(await encoder.embed([], 'document'), { embeddings: [], tokens: 0 });
    const { embeddings } = await encoder.embed([''], 'document');
    assert.ok(embeddings[0]!.every(Number.isFinite));
  } finally {
    await encoder.dispose();
  }
});

test('a query overtakes documents that wait', async () => {
  using model = testModel();
  const encoder = await open(model);
  try {
    const text = words(tokenIds(1100, vocabulary));
    const order: string[] = [];
    const documents = encoder
      .embed(
        Array.from({ length: 40 }, () => text),
        'document',
      )
      .then(() => order.push('documents'));
    const query = encoder.embed(['w5'], 'query').then(() => order.push('query'));
    await Promise.all([documents, query]);
    assert.deepEqual(order, ['query', 'documents']);
  } finally {
    await encoder.dispose();
  }
});

test('an abort rejects with the signal’s reason and the encoder goes on working', async () => {
  using model = testModel();
  const encoder = await open(model);
  try {
    const text = words(tokenIds(1100, vocabulary));
    const controller = new AbortController();
    const reason = new Error('enough');
    let reported = 0;
    const onProgress = (done: number): void => {
      reported = done;
      controller.abort(reason);
    };
    const embedding = encoder.embed(
      Array.from({ length: 40 }, () => text),
      'document',
      { signal: controller.signal, onProgress },
    );
    await assert.rejects(embedding, reason);
    assert.ok(reported < 40);
    await assert.rejects(encoder.embed(['w5'], 'query', { signal: controller.signal }), reason);
    assert.equal((await encoder.embed(['w5'], 'query')).tokens, 1);
  } finally {
    await encoder.dispose();
  }
});

test('computing does not block the event loop', async () => {
  using model = testModel();
  const encoder = await open(model);
  try {
    const text = words(tokenIds(1100, vocabulary));
    let ticks = 0;
    let batches = 0;
    const timer = setInterval(() => ticks++, 1);
    // Batches of 1,100 tokens: a blocked loop would tick about once a batch, however many there are.
    while (batches < 200 && ticks <= 2 * batches + 4) {
      await encoder.embed([text], 'document');
      batches += 1;
    }
    clearInterval(timer);
    assert.ok(ticks > 2 * batches, `${ticks} ticks in ${batches} batches`);
  } finally {
    await encoder.dispose();
  }
});

test('a closed encoder rejects what waits and what comes', async () => {
  using model = testModel();
  const encoder = await open(model);
  const waiting = encoder.embed(
    Array.from({ length: 200 }, () => words(tokenIds(130, vocabulary))),
    'document',
  );
  const rejected = rejectsWith('cancelled', waiting);
  await encoder.dispose();
  await encoder.dispose();
  await rejected;
  await rejectsWith('cancelled', encoder.embed(['w5'], 'query'));
});

test('ending the process or closing the encoder under a running batch is a clean end', async () => {
  using model = testModel();
  const module = path.join(import.meta.dirname, '..', '..', '..', '..', 'src/engine/runtime/createEncoder.ts');
  const text = words(tokenIds(1100, vocabulary));
  const script = `
    const { createEncoder } = await import(${JSON.stringify(module)});
    const encoder = await createEncoder({ modelDir: ${JSON.stringify(model.folder)}, threads: 1, backend: 'cpu' });
    const texts = Array(200).fill(${JSON.stringify(text)});
    const onProgress = async () => {
      if (process.argv[1] === 'exit') process.exit(5);
      await encoder.dispose();
      process.exitCode = 5;
    };
    encoder.embed(texts, 'document', { onProgress }).catch(() => undefined);
  `;
  for (const how of ['exit', 'dispose']) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, how], { stdio: 'ignore' });
    const [code] = (await once(child, 'exit')) as [number | null];
    assert.equal(code, 5, how);
  }
});

test('what is wrong with a model is a typed error', async () => {
  await rejectsWith('model_missing', createEncoder({ modelDir: '/nowhere/at/all', threads: 1, backend: 'cpu' }));
  using model = testModel();
  await rejectsWith('runtime_unavailable', createEncoder({ modelDir: model.folder, threads: 1, backend: 'cuda' }));
  const weights = path.join(model.folder, 'model.safetensors');
  const bytes = readFileSync(weights);
  writeFileSync(weights, bytes.subarray(0, -4));
  await rejectsWith('model_invalid', open(model));
  writeFileSync(weights, bytes);
  model.manifest({ files: { 'model.safetensors': { sha256: '0'.repeat(64), bytes: bytes.length } } });
  await rejectsWith('model_invalid', open(model));
  model.manifest({});
  writeFileSync(path.join(model.folder, 'tokenizer.json'), '{"model":');
  await rejectsWith('model_invalid', open(model));
  rmSync(path.join(model.folder, 'tokenizer.json'));
  await rejectsWith('model_missing', open(model));
});

test('a classifier gives a probability for each class', async () => {
  using model = testModel('modernbert-v4');
  const options = { modelDir: model.folder, threads: 1, backend: 'cpu' } as const;
  const classifier = await createClassifier(options);
  try {
    assert.deepEqual(classifier.labels, ['negative', 'neutral', 'positive']);
    const cases = referenceModel('modernbert-v4').cases.filter(({ length }) => length < 100);
    const rows = await classifier.classify(cases.map(({ length }) => words(tokenIds(length, vocabulary))));
    for (const [index, { logits }] of cases.entries()) {
      const powers = floats(logits!).map((logit) => Math.exp(logit));
      const sum = powers.reduce((a, b) => a + b, 0);
      for (const [label, power] of powers.entries()) assert.ok(Math.abs(rows[index]![label]! - power / sum) < 1e-4);
    }
  } finally {
    await classifier.dispose();
  }
  using headless = testModel('modernbert-v5');
  await rejectsWith('model_invalid', createClassifier({ ...options, modelDir: headless.folder }));
});
