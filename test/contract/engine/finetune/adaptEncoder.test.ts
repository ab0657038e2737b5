import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { adaptEncoder } from '../../../../src/engine/finetune/training/adaptEncoder.ts';
import type { AdaptEncoderOptions, MaskedSettings } from '../../../../src/engine/finetune/training/trainingTypes.ts';
import { readModelFolder } from '../../../../src/engine/model/modelFolder.ts';
import { readSafetensorsHeader } from '../../../../src/engine/model/safetensors.ts';
import { SextantError } from '../../../../src/shared/errors.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { writeTinyModel } from '../../../support/trainingSamples.ts';

/** Word pairs of which one half tells the other, so that a hidden one can be told by its neighbour. */
const texts = Array.from({ length: 80 }, (_, index) => {
  const first = 10 + (index % 20);
  return [first, first + 40, first, first + 40, first, first + 40].map((id) => `w${id}`).join(' ');
});

function withMask(modelDir: string): string {
  const file = path.join(modelDir, 'tokenizer.json');
  writeFileSync(file, readFileSync(file, 'utf8').replace('"w96"', '"[MASK]"'));
  return modelDir;
}

function options(folder: string, modelDir: string, settings: Partial<MaskedSettings> = {}): AdaptEncoderOptions {
  return {
    modelDir,
    outDir: path.join(folder, 'out'),
    checkpointDir: path.join(folder, 'state'),
    texts,
    settings: { batchSize: 16, epochs: 8, learningRate: 3e-3, threads: 1, loraRank: 4, ...settings },
  };
}

async function losses(given: AdaptEncoderOptions): Promise<number[]> {
  const curve: number[] = [];
  await adaptEncoder({ ...given, onStep: ({ step, loss }) => (curve[step - 1] = loss) });
  return curve;
}

test('hidden words are told better and better, by either method, and the encoder alone is kept', async (t) => {
  for (const [method, name] of [
    ['full', 'modernbert-v5'],
    ['lora', 'modernbert-v5'],
    ['full', 'bert'],
    ['lora', 'roberta'],
  ] as const) {
    await t.test(`${method}, ${name}`, async (t) => {
      const folder = temporaryFolder(t);
      const modelDir = withMask(writeTinyModel(folder, name));
      const given = options(folder, modelDir, { method });
      const curve = await losses(given);
      assert.equal(curve.length, 40);
      const mean = (part: readonly number[]): number => part.reduce((a, b) => a + b, 0) / part.length;
      // Chance is log 40: so many words occur.
      assert.ok(mean(curve.slice(-5)) < 0.75 * Math.log(40), `${curve[0]} to ${curve.at(-1)}`);
      const [before, after] = await Promise.all([readModelFolder(modelDir), readModelFolder(given.outDir)]);
      assert.deepEqual([...after.weights.tensors.keys()].sort(), [...before.weights.tensors.keys()].sort());
      assert.notEqual(after.fingerprint, before.fingerprint);
      assert.equal(after.pooling, before.pooling);
    });
  }
});

test('an adaptation that was stopped goes on where it was, with the same losses', async (t) => {
  const folder = temporaryFolder(t);
  const modelDir = withMask(writeTinyModel(folder));
  const whole = await losses({ ...options(folder, modelDir), checkpointDir: path.join(folder, 'other') });
  const given = { ...options(folder, modelDir), outDir: path.join(folder, 'resumed') };
  const pause = new AbortController();
  const curve: number[] = [];
  const note = (step: number, loss: number): void => {
    curve[step - 1] = loss;
    if (step === 7) pause.abort();
  };
  await assert.rejects(adaptEncoder({ ...given, signal: pause.signal, onStep: ({ step, loss }) => note(step, loss) }));
  let first = 0;
  await adaptEncoder({
    ...given,
    onStep: ({ step, loss }) => {
      first ||= step;
      curve[step - 1] = loss;
    },
  });
  assert.ok(first >= 7, `resumed at ${first}`);
  assert.deepEqual(curve, whole);
  const weights = (name: string): Buffer => readFileSync(path.join(folder, name, 'model.safetensors'));
  assert.deepEqual(weights('resumed'), weights('out'));
  const { tensors } = await readSafetensorsHeader(path.join(folder, 'out', 'model.safetensors'));
  assert.ok(![...tensors.keys()].some((tensor) => /^(head|decoder)/.test(tensor)));
});

test('a tokenizer without a mask is said', async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(adaptEncoder(options(folder, writeTinyModel(folder))), (error) => {
    assert.ok(error instanceof SextantError);
    assert.equal(error.code, 'model_invalid');
    assert.match(error.message, /no mask token/);
    return true;
  });
});
