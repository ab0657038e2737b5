import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { withClassificationHead } from '../../../../src/engine/model/classificationHead.ts';
import { describeNetwork } from '../../../../src/engine/model/describeNetwork.ts';
import { firstTokenOnly } from '../../../../src/engine/model/firstTokenOnly.ts';
import { parseModelConfig, type ModelConfig } from '../../../../src/engine/model/modelConfig.ts';
import { withEmbeddingHead, type Network, type Pooling } from '../../../../src/engine/model/network.ts';
import { readSafetensorsHeader } from '../../../../src/engine/model/safetensors.ts';
import { lowerNetwork } from '../../../../src/engine/runtime/onnx/lowerNetwork.ts';
import type { WeightsFile } from '../../../../src/engine/runtime/onnx/weightNodes.ts';
import { QuantizedWeights } from '../../../../src/engine/runtime/quantizedWeights.ts';
import { OrtModel } from '../../../../src/engine/runtime/ortModel.ts';
import type { PackedInput } from '../../../../src/engine/runtime/packedInput.ts';
import {
  floats,
  referenceModel,
  tokenIds,
  writeModelFolder,
  type ReferenceModel,
  type StoredType,
} from './referenceModel.ts';

const tolerance = 1e-4;

test('the last hidden state and the embeddings are those of transformers', async (t) => {
  for (const name of ['modernbert-v5', 'modernbert-v4', 'bert', 'roberta', 'xlm-roberta', 'distilbert']) {
    await t.test(name, async () => {
      const reference = referenceModel(name);
      using opened = writeModelFolder(reference);
      await checkPacks(reference, opened.folder);
    });
  }
});

test('a sequence of 8,192 tokens is that of transformers', async () => {
  const reference = referenceModel('modernbert-v5');
  using opened = writeModelFolder(reference);
  const { network, model } = await open(reference, opened.folder);
  try {
    await checkPack(model, network, reference, [8192]);
  } finally {
    await model.dispose();
  }
});

test('half-precision weights are read where they lie', async (t) => {
  for (const type of ['F16', 'BF16'] as const) {
    await t.test(type, async () => {
      const reference = referenceModel('modernbert-v5');
      using opened = writeModelFolder(reference, type satisfies StoredType);
      await checkPacks(reference, opened.folder);
    });
  }
});

test('computing the first token alone in the last layer changes no embedding', async (t) => {
  for (const name of ['modernbert-v5', 'modernbert-v4', 'bert', 'distilbert']) {
    await t.test(name, async () => {
      const reference = referenceModel(name);
      using opened = writeModelFolder(reference);
      const { network, model } = await open(reference, opened.folder, 'cls');
      try {
        for (const pack of [[2, 1], [65], [66, 66], [130, 129, 64, 2]])
          await checkFirst(model, network, reference, pack);
      } finally {
        await model.dispose();
      }
    });
  }
});

test('classification heads give the logits of transformers', async (t) => {
  for (const name of ['modernbert-v4', 'bert-classifier', 'roberta-classifier', 'distilbert-classifier']) {
    await t.test(name, async () => {
      const reference = referenceModel(name);
      using opened = writeModelFolder(reference);
      await checkLogits(reference, opened.folder);
    });
  }
});

test('8-bit linear layers keep embeddings within a hundredth, whatever else is in the batch', async (t) => {
  for (const [name, type] of [
    ['modernbert-v5', 'F16'],
    ['modernbert-v4', 'BF16'],
    ['bert', 'F32'],
  ] as const) {
    await t.test(`${name}, ${type}`, async () => {
      const reference = referenceModel(name);
      using opened = writeModelFolder(reference, type);
      await checkIntegers(reference, opened.folder);
    });
  }
});

async function checkIntegers(reference: ReferenceModel, folder: string): Promise<void> {
  const { encoder, weights } = await read(reference, folder);
  const network = withEmbeddingHead(encoder, 'mean', encoder.hiddenSize);
  using quantized = new QuantizedWeights(path.join(folder, weights.file), weights.tensors);
  const model = await OrtModel.open(lowerNetwork(network, weights, [network.embedding], quantized), {
    folder,
    threads: 1,
  });
  try {
    const width = network.hiddenSize;
    const [alone] = await model.run(packed([65], network.vocabularySize));
    const [together] = await model.run(packed([129, 65], network.vocabularySize));
    near(together!.data.subarray(width), alone!.data, 'alone and in company');
    const expected = normalized(floats(reference.cases.find(({ length }) => length === 65)!.mean));
    const cosine = alone!.data.reduce((sum, value, index) => sum + value * expected[index]!, 0);
    assert.ok(cosine > 0.99 && cosine < 1 - 1e-7, `cosine ${cosine}`);
  } finally {
    await model.dispose();
  }
}

async function checkLogits(reference: ReferenceModel, folder: string): Promise<void> {
  const { encoder, config, weights } = await read(reference, folder);
  const network = withClassificationHead(encoder, config, (name) => weights.tensors.get(name)?.shape);
  const lowered = lowerNetwork(firstTokenOnly(network), weights, [network.logits]);
  const model = await OrtModel.open(lowered, { folder, threads: 1 });
  try {
    const lengths = [65, 2];
    const [logits] = await model.run(packed(lengths, network.vocabularySize));
    for (const [index, length] of lengths.entries()) {
      const expected = floats(reference.cases.find((item) => item.length === length)!.logits!);
      assert.equal(network.labels.length, expected.length);
      const actual = logits!.data.subarray(index * expected.length, (index + 1) * expected.length);
      near(actual, expected, `length ${length}`);
    }
  } finally {
    await model.dispose();
  }
}

async function checkFirst(
  model: OrtModel,
  network: Network,
  reference: ReferenceModel,
  lengths: number[],
): Promise<void> {
  const [embeddings] = await model.run(packed(lengths, network.vocabularySize));
  const width = network.hiddenSize;
  for (const [index, length] of lengths.entries()) {
    const expected = floats(reference.cases.find((item) => item.length === length)!.hidden).subarray(0, width);
    const actual = embeddings!.data.subarray(index * width, (index + 1) * width);
    near(actual, normalized(expected), `length ${length} in [${lengths.join(', ')}]`);
  }
}

/** Runs every length alone, then packs of several, and compares with the reference. */
async function checkPacks(reference: ReferenceModel, folder: string): Promise<void> {
  const { network, model } = await open(reference, folder);
  try {
    const lengths = reference.cases.map((item) => item.length).filter((length) => length < 2000);
    const [first = 0, second = 0] = lengths.slice(-2);
    const packs = [
      ...lengths.map((length) => [length]),
      lengths,
      [second, first, first],
      [64, 64, 64],
      [66, 66],
      [130, 129, 66],
    ];
    for (const pack of packs)
      await checkPack(
        model,
        network,
        reference,
        pack.filter((length) => lengths.includes(length)),
      );
  } finally {
    await model.dispose();
  }
}

interface Read {
  readonly encoder: Network;
  readonly config: ModelConfig;
  readonly weights: WeightsFile;
}

async function read(reference: ReferenceModel, folder: string): Promise<Read> {
  const file = 'model.safetensors';
  const { tensors } = await readSafetensorsHeader(path.join(folder, file));
  const config = parseModelConfig(reference.config);
  return { encoder: describeNetwork(config, (name) => tensors.get(name)?.shape), config, weights: { file, tensors } };
}

async function open(
  reference: ReferenceModel,
  folder: string,
  pooling: Pooling = 'mean',
): Promise<{ network: Network; model: OrtModel }> {
  const { encoder, weights } = await read(reference, folder);
  const network = withEmbeddingHead(encoder, pooling, encoder.hiddenSize);
  const lowered =
    pooling === 'cls'
      ? lowerNetwork(firstTokenOnly(network), weights, [network.embedding])
      : lowerNetwork(network, weights, [network.lastHiddenState, network.embedding]);
  return { network, model: await OrtModel.open(lowered, { folder, threads: 1 }) };
}

async function checkPack(
  model: OrtModel,
  network: Network,
  reference: ReferenceModel,
  lengths: number[],
): Promise<void> {
  const [hidden, embeddings] = await model.run(packed(lengths, network.vocabularySize));
  const width = network.hiddenSize;
  let start = 0;
  for (const [index, length] of lengths.entries()) {
    const expected = reference.cases.find((item) => item.length === length)!;
    const rows = floats(expected.hidden);
    const label = `length ${length} in [${lengths.join(', ')}]`;
    for (const [row, token] of expected.rows.entries()) {
      const at = (start + token) * width;
      near(
        hidden!.data.subarray(at, at + width),
        rows.subarray(row * width, (row + 1) * width),
        `${label}, token ${token}`,
      );
    }
    near(
      embeddings!.data.subarray(index * width, (index + 1) * width),
      normalized(floats(expected.mean)),
      `${label}, mean`,
    );
    start += length;
  }
  assert.equal(hidden!.rows, start);
}

function packed(lengths: number[], vocabulary: number): PackedInput {
  const ids = lengths.flatMap((length) => [...tokenIds(length, vocabulary)]);
  const cuSeqlens = new Int32Array(lengths.length + 1);
  for (const [index, length] of lengths.entries()) cuSeqlens[index + 1] = cuSeqlens[index]! + length;
  return { ids: Int32Array.from(ids), cuSeqlens };
}

function normalized(vector: Float32Array): Float32Array {
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

function near(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(actual.length, expected.length, what);
  // NaN must fail too, so the comparison is "not within" rather than "beyond".
  const worst = actual.findIndex((value, index) => !(Math.abs(value - expected[index]!) <= tolerance));
  assert.equal(worst, -1, `${what}: column ${worst} is ${actual[worst]}, expected ${expected[worst]}`);
}
