import assert from 'node:assert/strict';
import test from 'node:test';
import { withClassificationHead } from '../../../src/engine/model/classificationHead.ts';
import { withEmbeddingHead } from '../../../src/engine/model/network.ts';
import { planNetwork, type ResultFormat } from '../../../src/engine/runtime/cuda/plan.ts';
import { nativeTestBuild } from '../../support/nativeBuild.ts';
import {
  checkEmbeddings,
  compare,
  encode,
  encodeOnce,
  anyGeneration,
  memoryBytes,
  open,
  packed,
  withModel,
  type AddonForTest,
} from '../../support/nativeEncoder.ts';

const build = nativeTestBuild();
const addon: AddonForTest = typeof build === 'string' ? { missing: build } : { file: build.addon };

test('the scalar reference runs the plan of every family as ONNX Runtime runs its graph', async (t) => {
  const names = ['modernbert-v5', 'modernbert-v4', 'bert', 'roberta', 'xlm-roberta', 'distilbert'];
  for (const name of names) {
    await t.test(name, (subtest) => checkEmbeddings(subtest, addon, name, 'F32', 'reference', 1e-4));
  }
});

test('emulated kernels give embeddings of the same direction', async (t) => {
  const models = [
    ['modernbert-v5', 'F32'],
    ['modernbert-v4', 'F16'],
    ['bert', 'BF16'],
    ['distilbert', 'F32'],
  ] as const;
  for (const [name, type] of models) {
    await t.test(`${name}, ${type}`, (subtest) => checkEmbeddings(subtest, addon, name, type, 'emulated', 0.02));
  }
});

test('classification heads give the logits of ONNX Runtime', async (t) => {
  for (const name of ['modernbert-v4', 'bert-classifier', 'roberta-classifier', 'distilbert-classifier']) {
    await t.test(name, (subtest) =>
      withModel(subtest, addon, name, 'F32', async (opened) => {
        const { encoder, config, tensors } = opened;
        const network = withClassificationHead(encoder, config, (tensor) => tensors.get(tensor)?.shape);
        await compare(opened, network, network.logits, 'reference', 1e-4);
        await compare(opened, network, network.logits, 'emulated', 0.05);
      }),
    );
  }
});

test('a token-wise result and the hidden states between come back as they are', (t) =>
  withModel(t, addon, 'modernbert-v5', 'F32', async (opened) => {
    for (const value of [opened.encoder.lastHiddenState, opened.encoder.hiddenStates[2]!]) {
      await compare(opened, opened.encoder, value, 'reference', 1e-4);
    }
  }));

test('8-bit and 1-bit embeddings are those of the floats', (t) =>
  withModel(t, addon, 'modernbert-v4', 'F32', async (opened) => {
    const input = packed([65, 3], opened.encoder.vocabularySize);
    const rows = async (format: ResultFormat): Promise<ArrayBuffer> => {
      const network = withEmbeddingHead(opened.encoder, 'mean', 40);
      return await encodeOnce(opened, network, network.embedding, 'emulated', input, format);
    };
    const floats = new Float32Array(await rows('f32'));
    const levels = new Int8Array(await rows('int8'));
    const signs = new Uint8Array(await rows('sign'));
    assert.equal(levels.length, floats.length);
    assert.equal(signs.length, floats.length / 8);
    for (let row = 0; row < 2; row++) {
      const own = floats.subarray(row * 40, row * 40 + 40);
      const largest = Math.max(...own.map(Math.abs));
      for (const [column, value] of own.entries()) {
        const level = levels[row * 40 + column]!;
        assert.ok(Math.abs(level - (value / largest) * 127) <= 0.51, `${level} for ${value} of ${largest}`);
        assert.equal((signs[row * 5 + (column >> 3)]! >> (column & 7)) & 1, value > 0 ? 1 : 0);
      }
    }
  }));

test('batches do not depend on what else is under way, and come back in order of asking', (t) =>
  withModel(t, addon, 'modernbert-v5', 'F32', async (opened) => {
    const network = withEmbeddingHead(opened.encoder, 'cls', opened.encoder.hiddenSize);
    const session = await open(opened, network, network.embedding, 'emulated');
    const lengths = [[17], [64, 3], [130], [1], [65, 66], [17]];
    const inputs = lengths.map((pack) => packed(pack, network.vocabularySize));
    const alone: Float32Array[] = [];
    for (const input of inputs) alone.push(await encode(opened.addon, session, input));
    const order: number[] = [];
    const together = await Promise.all(
      inputs.map(async (input, index) => {
        const rows = await encode(opened.addon, session, input, index % 2 === 0);
        order.push(index);
        return rows;
      }),
    );
    assert.deepEqual(together, alone);
    const documents = order.filter((index) => index % 2 === 1);
    assert.deepEqual(documents, documents.toSorted());
    await opened.addon.close(session);
  }));

test('bad batches, plans and files are refused with a code, and nothing breaks', (t) =>
  withModel(t, addon, 'modernbert-v5', 'F32', async (opened) => {
    const { addon: loaded, encoder, tensors, weights } = opened;
    const network = withEmbeddingHead(encoder, 'mean', encoder.hiddenSize);
    const { words } = planNetwork(network, tensors, network.embedding);
    const session = await loaded.open('emulated', 0, anyGeneration, memoryBytes, [weights], words);
    const ids = Int32Array.of(5, 6, 7);
    const rejects = (promise: Promise<unknown>, code: string): Promise<void> => assert.rejects(promise, { code });
    for (const ends of [[0, 2], [1, 3], [0, 2, 1, 3], [0, 0, 3], [0], [0, 4]]) {
      await rejects(loaded.encode(session, ids, Int32Array.from(ends), undefined, false), 'invalid_argument');
    }
    for (const id of [-1, encoder.vocabularySize]) {
      await rejects(
        loaded.encode(session, Int32Array.of(id), Int32Array.of(0, 1), undefined, true),
        'invalid_argument',
      );
    }
    const long = new Int32Array(encoder.maxTokens + 1);
    await rejects(loaded.encode(session, long, Int32Array.of(0, long.length), undefined, false), 'invalid_argument');
    // @ts-expect-error what JavaScript may pass
    assert.throws(() => loaded.encode(session, [1, 2], Int32Array.of(0, 2), undefined, false), {
      code: 'invalid_argument',
    });
    for (const index of words.keys()) {
      const damaged = words.slice();
      damaged[index] = NaN;
      assert.throws(
        () => loaded.open('emulated', 0, anyGeneration, memoryBytes, [weights], damaged),
        { code: 'invalid_argument' },
        `word ${index}`,
      );
    }
    assert.throws(() => loaded.open('emulated', 0, anyGeneration, memoryBytes, [weights], words.subarray(0, -1)), {
      code: 'invalid_argument',
    });
    await rejects(loaded.open('emulated', 0, anyGeneration, memoryBytes, [`${weights}.none`], words), 'file');
    await rejects(loaded.open('emulated', 0, anyGeneration, 1000, [weights], words), 'out_of_memory');
    await rejects(loaded.open('cuda', 0, anyGeneration, memoryBytes, [weights], words), 'unsupported');
    const [row] = [await encode(loaded, session, { ids, cuSeqlens: Int32Array.of(0, 3) })];
    assert.ok(row.every(Number.isFinite));
    await loaded.close(session);
    await rejects(loaded.encode(session, ids, Int32Array.of(0, 3), undefined, false), 'closed');
  }));

test('a batch beyond the memory setting is refused, and smaller ones go on', (t) =>
  withModel(t, addon, 'modernbert-v5', 'F32', async (opened) => {
    const network = withEmbeddingHead(opened.encoder, 'mean', opened.encoder.hiddenSize);
    const { words } = planNetwork(network, opened.tensors, network.embedding);
    const session = await opened.addon.open('emulated', 0, anyGeneration, 5_000_000, [opened.weights], words);
    const big = packed(
      Array.from({ length: 40 }, () => 130),
      network.vocabularySize,
    );
    await assert.rejects(encode(opened.addon, session, big), { code: 'out_of_memory' });
    const rows = await encode(opened.addon, session, packed([17], network.vocabularySize));
    assert.equal(rows.length, network.hiddenSize);
    await opened.addon.close(session);
  }));
