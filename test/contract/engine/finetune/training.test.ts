import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import test from 'node:test';
import { trainClassifier } from '../../../../src/engine/finetune/training/trainClassifier.ts';
import { trainEncoder } from '../../../../src/engine/finetune/training/trainEncoder.ts';
import type { EncoderSettings, TrainEncoderOptions } from '../../../../src/engine/finetune/training/trainingTypes.ts';
import { readModelFolder } from '../../../../src/engine/model/modelFolder.ts';
import { readSafetensorsHeader } from '../../../../src/engine/model/safetensors.ts';
import { createClassifier, createEncoder } from '../../../../src/engine/runtime/createEncoder.ts';
import { SextantError, type ErrorCode } from '../../../../src/shared/errors.ts';
import { runWithSmallFileSystem } from '../../../support/smallFileSystem.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { classifiedTexts, trainingPairs, writeTinyModel } from '../../../support/trainingSamples.ts';

const quick: Partial<EncoderSettings> = { batchSize: 8, epochs: 4, learningRate: 3e-3, threads: 1, loraRank: 4 };

function options(folder: string, modelDir: string, settings: Partial<EncoderSettings> = {}): TrainEncoderOptions {
  return {
    modelDir,
    outDir: path.join(folder, 'out'),
    checkpointDir: path.join(folder, 'state'),
    pairs: trainingPairs(),
    settings: { ...quick, ...settings },
  };
}

async function losses(given: TrainEncoderOptions): Promise<number[]> {
  const curve: number[] = [];
  await trainEncoder({ ...given, onStep: ({ step, loss }) => (curve[step - 1] = loss) });
  return curve;
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof SextantError, String(error));
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** Share of the queries whose own document is the nearest of all. */
async function found(modelDir: string): Promise<number> {
  const pairs = trainingPairs();
  const encoder = await createEncoder({ modelDir, threads: 1, backend: 'cpu' });
  try {
    const queries = await encoder.embed(
      pairs.map(({ query }) => query),
      'query',
    );
    const documents = await encoder.embed(
      pairs.map(({ document }) => document),
      'document',
    );
    const right = queries.embeddings.filter((query, index) => {
      const scores = documents.embeddings.map((row) => row.reduce((sum, value, i) => sum + value * query[i]!, 0));
      return scores.indexOf(Math.max(...scores)) === index;
    });
    return right.length / pairs.length;
  } finally {
    await encoder.dispose();
  }
}

test('training finds what the model did not know, by either method and pooling', async (t) => {
  for (const [method, pooling, name] of [
    ['lora', 'cls', 'modernbert-v5'],
    ['full', 'mean', 'modernbert-v5'],
    ['lora', 'mean', 'roberta'],
    ['full', 'cls', 'bert'],
  ] as const) {
    await t.test(`${method}, ${pooling}, ${name}`, async (t) => {
      const folder = temporaryFolder(t);
      const modelDir = writeTinyModel(folder, name, pooling);
      const before = readFileSync(path.join(modelDir, 'model.safetensors'));
      const given = options(folder, modelDir, { method, epochs: 12 });
      const curve = await losses(given);
      assert.equal(curve.length, 36);
      assert.ok(curve.at(-1)! < curve[0]! / 2, `${curve[0]} to ${curve.at(-1)}`);
      assert.ok((await found(given.outDir)) >= (await found(modelDir)) + 0.3);
      assert.deepEqual(readFileSync(path.join(modelDir, 'model.safetensors')), before);
      assert.deepEqual(readdirSync(given.checkpointDir), []);
      const trained = await readModelFolder(given.outDir);
      assert.equal(trained.pooling, pooling);
      assert.equal(trained.prefixes.query, 'ask: ');
      assert.notEqual(trained.fingerprint, (await readModelFolder(modelDir)).fingerprint);
    });
  }
});

test('the stored precision is the one asked for, or that of the source', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = writeTinyModel(folder);
  await trainEncoder(options(folder, modelDir, { epochs: 1, precision: 'float16' }));
  const { tensors } = await readSafetensorsHeader(path.join(folder, 'out', 'model.safetensors'));
  assert.deepEqual([...new Set(Array.from(tensors.values(), ({ type }) => type))], ['F16']);
});

test('an aborted training goes on where it was, with the same losses', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = writeTinyModel(folder);
  const long = options(folder, modelDir, { epochs: 20 });
  const whole = await losses({ ...long, checkpointDir: path.join(folder, 'other') });
  const given = { ...long, outDir: path.join(folder, 'resumed') };
  const pause = new AbortController();
  const reason = new Error('paused');
  const first: number[] = [];
  const paused = trainEncoder({
    ...given,
    signal: pause.signal,
    onStep: ({ step, loss }) => {
      first[step - 1] = loss;
      if (step === 5) pause.abort(reason);
    },
  });
  await assert.rejects(paused, reason);
  assert.ok(!existsSync(given.outDir));
  const second: number[] = [];
  await trainEncoder({ ...given, onStep: ({ step, loss }) => (second[step - 1] = loss) });
  assert.ok(Number(Object.keys(second)[0]) >= 5);
  assert.deepEqual(
    whole.map((_, step) => second[step] ?? first[step]),
    whole,
  );
});

test('a state of other data or settings is not taken up', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = writeTinyModel(folder);
  const given = options(folder, modelDir, { epochs: 20 });
  const pause = new AbortController();
  await assert.rejects(
    trainEncoder({ ...given, signal: pause.signal, onStep: ({ step }) => step === 3 && pause.abort() }),
  );
  const steps: number[] = [];
  await trainEncoder({ ...given, pairs: given.pairs.slice(1), onStep: ({ step }) => steps.push(step) });
  assert.equal(steps[0], 1);
});

test('killed at any moment, training resumes with the same losses', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = writeTinyModel(folder);
  const settings = { method: 'full', checkpointSeconds: 0, epochs: 6, anchor: 2 } as const;
  const expected = await losses({
    ...options(folder, modelDir, settings),
    checkpointDir: path.join(folder, 'other'),
  });
  const given = { ...options(folder, modelDir, settings), outDir: path.join(folder, 'killed') };
  const script = `
    const { trainEncoder } = await import(${JSON.stringify(path.resolve('src/engine/finetune/training/trainEncoder.ts'))});
    const options = JSON.parse(process.argv[1]);
    await trainEncoder({ ...options, onStep: ({ step, loss }) => process.stdout.write(JSON.stringify({ step, loss }) + '\\n') });
  `;
  const curve: number[] = [];
  let kills = 0;
  for (const after of [1, 2, 4, 5, 7, 11, Infinity]) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(given)], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const closed = once(child, 'close');
    for await (const line of createInterface({ input: child.stdout })) {
      const { step, loss } = JSON.parse(line) as { step: number; loss: number };
      if (curve[step - 1] !== undefined) assert.equal(loss, curve[step - 1], `step ${step}`);
      curve[step - 1] = loss;
      if (step > after && child.kill('SIGKILL')) kills++;
    }
    await closed;
  }
  assert.ok(kills >= 4, `${kills} kills`);
  // A step whose state was saved just before the kill may never have been printed.
  assert.ok(Object.keys(curve).length > expected.length / 2);
  for (const [step, loss] of Object.entries(curve)) assert.equal(loss, expected[Number(step)], `step ${step}`);
  const weights = (name: string): Buffer => readFileSync(path.join(folder, name, 'model.safetensors'));
  assert.deepEqual(weights('killed'), weights('out'));
});

test('a process that ends takes the state along', async (t) => {
  const folder = temporaryFolder(t);
  const given = options(folder, writeTinyModel(folder), { epochs: 40 });
  const script = `
    const { trainEncoder } = await import(${JSON.stringify(path.resolve('src/engine/finetune/training/trainEncoder.ts'))});
    const options = JSON.parse(process.argv[1]);
    await trainEncoder({ ...options, onStep: ({ step }) => step === 5 && process.exit(7) });
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script, JSON.stringify(given)], {
    stdio: 'inherit',
  });
  const [code] = (await once(child, 'exit')) as [number | null];
  assert.equal(code, 7);
  const steps: number[] = [];
  await trainEncoder({ ...given, onStep: ({ step }) => steps.push(step) });
  assert.ok(steps[0]! > 5 && steps.at(-1) === 120, `${steps[0]} to ${steps.at(-1)}`);
});

test('a model that is removed meanwhile is missed in words, and training goes on once it is back', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = writeTinyModel(folder);
  const given = options(folder, modelDir, { epochs: 20 });
  const away = `${modelDir}-away`;
  await rejectsWith(
    'model_missing',
    trainEncoder({ ...given, onStep: ({ step }) => step === 1 && renameSync(modelDir, away) }),
  );
  renameSync(away, modelDir);
  const { steps } = await trainEncoder(given);
  assert.equal(steps, 60);
  assert.ok(existsSync(given.outDir));
});

test('the best candidate becomes the result, and a verdict ends training', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = writeTinyModel(folder);
  const fingerprints: string[] = [];
  const scores = [0.3, 0.5, 0.4, 0.9];
  const result = await trainEncoder({
    ...options(folder, modelDir),
    evaluateEvery: 2,
    evaluate: async ({ modelDir: candidate, step }) => {
      fingerprints.push((await readModelFolder(candidate)).fingerprint);
      return { score: scores[step / 2 - 1]!, stop: step === 6 };
    },
  });
  assert.equal(result.bestStep, 4);
  assert.ok(result.stoppedEarly);
  assert.deepEqual(result.evaluations, [
    { step: 2, score: 0.3 },
    { step: 4, score: 0.5 },
    { step: 6, score: 0.4 },
  ]);
  assert.equal((await readModelFolder(result.modelDir)).fingerprint, fingerprints[1]);
});

test('a judge that fails ends training with its error, and is asked again about the same weights', async (t) => {
  const folder = temporaryFolder(t);
  const given = { ...options(folder, writeTinyModel(folder)), evaluateEvery: 12 };
  const failing = trainEncoder({
    ...given,
    evaluate: () => Promise.reject(new SextantError('index_missing', 'There is no index.')),
  });
  await rejectsWith('index_missing', failing);
  assert.ok(!existsSync(given.outDir));
  const steps: number[] = [];
  const result = await trainEncoder({
    ...given,
    onStep: ({ step }) => steps.push(step),
    evaluate: ({ step }) => Promise.resolve({ score: step }),
  });
  assert.deepEqual(steps, []);
  assert.deepEqual(result.evaluations, [{ step: 12, score: 12 }]);
});

test('what cannot be is refused in words', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = writeTinyModel(folder);
  const given = options(folder, modelDir);
  await rejectsWith('invalid_argument', trainEncoder({ ...given, settings: { learningRate: -1 } }));
  await rejectsWith('invalid_argument', trainEncoder({ ...given, pairs: given.pairs.slice(0, 1) }));
  await rejectsWith('invalid_argument', trainEncoder({ ...given, outDir: modelDir }));
  await rejectsWith('model_missing', trainEncoder({ ...given, modelDir: path.join(folder, 'nowhere') }));
  const weights = path.join(modelDir, 'model.safetensors');
  const bytes = readFileSync(weights);
  bytes.writeFloatLE(NaN, bytes.length - 4);
  writeFileSync(weights, bytes);
  await rejectsWith('training_failed', trainEncoder(given));
});

test('a full disk is said, and leaves neither a model nor half a state', (t) => {
  const folder = temporaryFolder(t);
  const state = path.join(folder, 'state');
  mkdirSync(state);
  const given = {
    ...options(folder, writeTinyModel(folder), { method: 'full', checkpointSeconds: 0 }),
    checkpointDir: state,
  };
  const script = `
    const { readdirSync } = await import('node:fs');
    const { trainEncoder } = await import(${JSON.stringify(path.resolve('src/engine/finetune/training/trainEncoder.ts'))});
    const options = JSON.parse(process.argv[1]);
    const error = await trainEncoder(options).catch((reason) => reason);
    console.log(JSON.stringify({ code: error.code, left: readdirSync(options.checkpointDir) }));
  `;
  const command = [process.execPath, '--input-type=module', '-e', script, JSON.stringify(given)];
  const output = runWithSmallFileSystem(state, 256 * 1024, command);
  if (output === undefined) {
    t.skip('This system mounts no file systems for tests.');
    return;
  }
  assert.deepEqual(JSON.parse(output), { code: 'disk_full', left: [] });
  assert.ok(!existsSync(given.outDir));
});

test('a classifier is trained on an encoder, and on a classifier with other labels', async (t) => {
  for (const name of ['modernbert-v5', 'modernbert-v4', 'bert', 'roberta', 'distilbert']) {
    await t.test(name, async (t) => {
      const folder = temporaryFolder(t);
      const modelDir = writeTinyModel(folder, name);
      const examples = classifiedTexts();
      const result = await trainClassifier({
        modelDir,
        outDir: path.join(folder, 'out'),
        checkpointDir: path.join(folder, 'state'),
        examples,
        labels: ['sad', 'happy'],
        settings: { epochs: 6, batchSize: 8, learningRate: 2e-3, threads: 1 },
      });
      const classifier = await createClassifier({ modelDir: result.modelDir, threads: 1, backend: 'cpu' });
      try {
        assert.deepEqual(classifier.labels, ['sad', 'happy']);
        const rows = await classifier.classify(examples.map(({ text }) => text));
        const right = rows.filter(
          ([sad, happy], index) => (sad! > happy! ? 'sad' : 'happy') === examples[index]!.label,
        );
        assert.ok(right.length >= 0.9 * rows.length, `${right.length} of ${rows.length}`);
      } finally {
        await classifier.dispose();
      }
    });
  }
});

test('a label that is not among the labels is named', async (t) => {
  const folder = temporaryFolder(t);
  const training = trainClassifier({
    modelDir: writeTinyModel(folder),
    outDir: path.join(folder, 'out'),
    checkpointDir: path.join(folder, 'state'),
    examples: [{ text: 'w5', label: 'angry' }],
    labels: ['sad', 'happy'],
  });
  await rejectsWith('invalid_argument', training);
});
