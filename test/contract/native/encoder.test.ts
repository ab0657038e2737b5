import assert from 'node:assert/strict';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { withClassificationHead } from '../../../src/engine/model/classificationHead.ts';
import { describeNetwork } from '../../../src/engine/model/describeNetwork.ts';
import { parseModelConfig, type ModelConfig } from '../../../src/engine/model/modelConfig.ts';
import { withEmbeddingHead, type Network } from '../../../src/engine/model/network.ts';
import { readSafetensorsHeader, type TensorInfo } from '../../../src/engine/model/safetensors.ts';
import {
  loadCudaAddon,
  type AddonBackend,
  type CudaAddon,
  type CudaSession,
} from '../../../src/engine/runtime/cuda/addon.ts';
import { planNetwork, type ResultFormat } from '../../../src/engine/runtime/cuda/plan.ts';
import { lowerNetwork } from '../../../src/engine/runtime/onnx/lowerNetwork.ts';
import { OrtModel } from '../../../src/engine/runtime/ortModel.ts';
import type { PackedInput } from '../../../src/engine/runtime/packedInput.ts';
import { nativeTestBuild } from '../../support/nativeBuild.ts';
import {
  referenceModel,
  tokenIds,
  writeModelFolder,
  type StoredType,
} from '../../unit/engine/runtime/referenceModel.ts';

/** Room for the fixtures' weights and buffers. */
const memoryBytes = 64 * 1024 * 1024;
const packs = [[1], [2, 1], [65], [66, 66], [130, 129, 64, 2], [63, 17, 127, 128]];
/** Emulated kernels take their time; their own tests have all the tails. */
const fewPacks = [
  [2, 1],
  [130, 65],
];

interface Opened {
  readonly addon: CudaAddon;
  readonly weights: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly encoder: Network;
  readonly config: ModelConfig;
}

test('the scalar reference runs the plan of every family as ONNX Runtime runs its graph', async (t) => {
  const names = ['modernbert-v5', 'modernbert-v4', 'bert', 'roberta', 'xlm-roberta', 'distilbert'];
  for (const name of names) {
    await t.test(name, (subtest) => checkEmbeddings(subtest, name, 'F32', 'reference', 1e-4));
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
    await t.test(`${name}, ${type}`, (subtest) => checkEmbeddings(subtest, name, type, 'emulated', 0.02));
  }
});

test('classification heads give the logits of ONNX Runtime', async (t) => {
  for (const name of ['modernbert-v4', 'bert-classifier', 'roberta-classifier', 'distilbert-classifier']) {
    await t.test(name, (subtest) =>
      withModel(subtest, name, 'F32', async (opened) => {
        const { encoder, config, tensors } = opened;
        const network = withClassificationHead(encoder, config, (tensor) => tensors.get(tensor)?.shape);
        await compare(opened, network, network.logits, 'reference', 1e-4);
        await compare(opened, network, network.logits, 'emulated', 0.05);
      }),
    );
  }
});

test('a token-wise result and the hidden states between come back as they are', (t) =>
  withModel(t, 'modernbert-v5', 'F32', async (opened) => {
    for (const value of [opened.encoder.lastHiddenState, opened.encoder.hiddenStates[2]!]) {
      await compare(opened, opened.encoder, value, 'reference', 1e-4);
    }
  }));

test('8-bit and 1-bit embeddings are those of the floats', (t) =>
  withModel(t, 'modernbert-v4', 'F32', async (opened) => {
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
  withModel(t, 'modernbert-v5', 'F32', async (opened) => {
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
  withModel(t, 'modernbert-v5', 'F32', async (opened) => {
    const { addon, encoder, tensors, weights } = opened;
    const network = withEmbeddingHead(encoder, 'mean', encoder.hiddenSize);
    const { words } = planNetwork(network, tensors, network.embedding);
    const session = await addon.open('emulated', 0, memoryBytes, [weights], words);
    const ids = Int32Array.of(5, 6, 7);
    const rejects = (promise: Promise<unknown>, code: string): Promise<void> => assert.rejects(promise, { code });
    for (const ends of [[0, 2], [1, 3], [0, 2, 1, 3], [0, 0, 3], [0], [0, 4]]) {
      await rejects(addon.encode(session, ids, Int32Array.from(ends), undefined, false), 'invalid_argument');
    }
    for (const id of [-1, encoder.vocabularySize]) {
      await rejects(addon.encode(session, Int32Array.of(id), Int32Array.of(0, 1), undefined, true), 'invalid_argument');
    }
    const long = new Int32Array(encoder.maxTokens + 1);
    await rejects(addon.encode(session, long, Int32Array.of(0, long.length), undefined, false), 'invalid_argument');
    // @ts-expect-error what JavaScript may pass
    assert.throws(() => addon.encode(session, [1, 2], Int32Array.of(0, 2), undefined, false), {
      code: 'invalid_argument',
    });
    for (const index of words.keys()) {
      const damaged = words.slice();
      damaged[index] = NaN;
      assert.throws(
        () => addon.open('emulated', 0, memoryBytes, [weights], damaged),
        { code: 'invalid_argument' },
        `word ${index}`,
      );
    }
    assert.throws(() => addon.open('emulated', 0, memoryBytes, [weights], words.subarray(0, -1)), {
      code: 'invalid_argument',
    });
    await rejects(addon.open('emulated', 0, memoryBytes, [`${weights}.none`], words), 'file');
    await rejects(addon.open('emulated', 0, 1000, [weights], words), 'out_of_memory');
    await rejects(addon.open('cuda', 0, memoryBytes, [weights], words), 'unsupported');
    const [row] = [await encode(addon, session, { ids, cuSeqlens: Int32Array.of(0, 3) })];
    assert.ok(row.every(Number.isFinite));
    await addon.close(session);
    await rejects(addon.encode(session, ids, Int32Array.of(0, 3), undefined, false), 'closed');
  }));

test('a batch beyond the memory setting is refused, and smaller ones go on', (t) =>
  withModel(t, 'modernbert-v5', 'F32', async (opened) => {
    const network = withEmbeddingHead(opened.encoder, 'mean', opened.encoder.hiddenSize);
    const { words } = planNetwork(network, opened.tensors, network.embedding);
    const session = await opened.addon.open('emulated', 0, 5_000_000, [opened.weights], words);
    const big = packed(
      Array.from({ length: 40 }, () => 130),
      network.vocabularySize,
    );
    await assert.rejects(encode(opened.addon, session, big), { code: 'out_of_memory' });
    const rows = await encode(opened.addon, session, packed([17], network.vocabularySize));
    assert.equal(rows.length, network.hiddenSize);
    await opened.addon.close(session);
  }));

async function checkEmbeddings(
  t: TestContext,
  name: string,
  type: StoredType,
  backend: AddonBackend,
  tolerance: number,
): Promise<void> {
  await withModel(t, name, type, async (opened) => {
    for (const pooling of ['mean', 'cls'] as const) {
      const network = withEmbeddingHead(opened.encoder, pooling, opened.encoder.hiddenSize);
      await compare(opened, network, network.embedding, backend, tolerance);
    }
  });
}

/** Compares a value with ONNX Runtime's: every number within the tolerance, every row within cosine 0.999. */
async function compare(
  opened: Opened,
  network: Network,
  value: string,
  backend: AddonBackend,
  tolerance: number,
): Promise<void> {
  const file = path.basename(opened.weights);
  const lowered = lowerNetwork(network, { file, tensors: opened.tensors }, [value]);
  const model = await OrtModel.open(lowered, { folder: path.dirname(opened.weights), threads: 1 });
  const session = await open(opened, network, value, backend);
  try {
    for (const pack of backend === 'reference' ? packs : fewPacks) {
      const input = packed(pack, network.vocabularySize);
      const actual = await encode(opened.addon, session, input);
      const [expected] = await model.run(input);
      near(actual, expected!.data, expected!.columns, tolerance, `${value}, ${backend}, [${pack.join(', ')}]`);
    }
  } finally {
    await opened.addon.close(session);
    await model.dispose();
  }
}

function near(actual: Float32Array, expected: Float32Array, columns: number, tolerance: number, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const largest = expected.reduce((a, b) => Math.max(a, Math.abs(b)), 1);
  // NaN must fail too, so the comparison is "not within" rather than "beyond".
  const worst = actual.findIndex((value, index) => !(Math.abs(value - expected[index]!) <= tolerance * largest));
  assert.equal(worst, -1, `${what}: number ${worst} is ${actual[worst]}, expected ${expected[worst]}`);
  for (let row = 0; row * columns < actual.length && columns > 8; row++) {
    const a = actual.subarray(row * columns, (row + 1) * columns);
    const b = expected.subarray(row * columns, (row + 1) * columns);
    const cosine = dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
    assert.ok(cosine >= 0.999, `${what}: cosine ${cosine} in row ${row}`);
  }
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}

async function encodeOnce(
  opened: Opened,
  network: Network,
  value: string,
  backend: AddonBackend,
  { ids, cuSeqlens }: PackedInput,
  format: ResultFormat,
): Promise<ArrayBuffer> {
  const session = await open(opened, network, value, backend, format);
  const { rows } = await opened.addon.encode(session, ids, cuSeqlens, undefined, false);
  await opened.addon.close(session);
  return rows;
}

function open(
  { addon, weights, tensors }: Opened,
  network: Network,
  value: string,
  backend: AddonBackend,
  format?: ResultFormat,
): Promise<CudaSession> {
  return addon.open(backend, 0, memoryBytes, [weights], planNetwork(network, tensors, value, format).words);
}

async function encode(
  addon: CudaAddon,
  session: CudaSession,
  { ids, cuSeqlens }: PackedInput,
  urgent = false,
): Promise<Float32Array> {
  const { rows, milliseconds } = await addon.encode(session, ids, cuSeqlens, undefined, urgent);
  assert.ok(milliseconds >= 0);
  return new Float32Array(rows);
}

function packed(lengths: readonly number[], vocabulary: number): PackedInput {
  const ids = lengths.flatMap((length) => [...tokenIds(length, vocabulary)]);
  const cuSeqlens = new Int32Array(lengths.length + 1);
  for (const [index, length] of lengths.entries()) cuSeqlens[index + 1] = cuSeqlens[index]! + length;
  return { ids: Int32Array.from(ids), cuSeqlens };
}

/** Writes a fixture as a model folder and loads the tests' addon; without a compiler the test is skipped, aloud. */
async function withModel(
  t: TestContext,
  name: string,
  type: StoredType,
  run: (opened: Opened) => Promise<void>,
): Promise<void> {
  const build = nativeTestBuild();
  if (typeof build === 'string') {
    t.skip(build);
    return;
  }
  const reference = referenceModel(name);
  using folder = writeModelFolder(reference, type);
  const weights = path.join(folder.folder, 'model.safetensors');
  const { tensors } = await readSafetensorsHeader(weights);
  const config = parseModelConfig(reference.config);
  const encoder = describeNetwork(config, (tensor) => tensors.get(tensor)?.shape);
  await run({ addon: loadCudaAddon(build.addon), weights, tensors, encoder, config });
}
