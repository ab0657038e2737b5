import assert from 'node:assert/strict';
import path from 'node:path';
import type { TestContext } from 'node:test';
import { describeNetwork } from '../../src/engine/model/describeNetwork.ts';
import { parseModelConfig, type ModelConfig } from '../../src/engine/model/modelConfig.ts';
import { withEmbeddingHead, type Network } from '../../src/engine/model/network.ts';
import { readSafetensorsHeader, type TensorInfo } from '../../src/engine/model/safetensors.ts';
import {
  loadCudaAddon,
  type AddonBackend,
  type CudaAddon,
  type CudaSession,
} from '../../src/engine/runtime/cuda/addon.ts';
import { planNetwork, type ResultFormat } from '../../src/engine/runtime/cuda/plan.ts';
import { lowerNetwork } from '../../src/engine/runtime/onnx/lowerNetwork.ts';
import { OrtModel } from '../../src/engine/runtime/ortModel.ts';
import type { PackedInput } from '../../src/engine/runtime/packedInput.ts';
import { referenceModel, tokenIds, writeModelFolder, type StoredType } from '../unit/engine/runtime/referenceModel.ts';

/** Room for the fixtures' weights and buffers. */
export const memoryBytes = 64 * 1024 * 1024;
/** Whatever instructions the device has. */
export const anyGeneration = 1000;
/** Those whose kernels differ. */
const emulatedGenerations = [80, 90];
const packs = [[1], [2, 1], [65], [66, 66], [130, 129, 64, 2], [63, 17, 127, 128]];
/** Emulated kernels take their time; their own tests have all the tails. */
const fewPacks = [
  [2, 1],
  [130, 65],
];

/** A fixture as a model folder, and the addon to run it with. */
export interface Opened {
  readonly addon: CudaAddon;
  readonly weights: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  readonly encoder: Network;
  readonly config: ModelConfig;
}

/** An addon's file, or why there is none. */
export type AddonForTest = { readonly file: string } | { readonly missing: string };

/** Runs a fixture's embeddings on a backend and on ONNX Runtime. */
export async function checkEmbeddings(
  t: TestContext,
  addon: AddonForTest,
  name: string,
  type: StoredType,
  backend: AddonBackend,
  tolerance: number,
): Promise<void> {
  await withModel(t, addon, name, type, async (opened) => {
    for (const pooling of ['mean', 'cls'] as const) {
      const network = withEmbeddingHead(opened.encoder, pooling, opened.encoder.hiddenSize);
      await compare(opened, network, network.embedding, backend, tolerance);
    }
  });
}

/** Compares a value with ONNX Runtime's: every number within the tolerance, every row within cosine 0.999. */
export async function compare(
  opened: Opened,
  network: Network,
  value: string,
  backend: AddonBackend,
  tolerance: number,
): Promise<void> {
  const file = path.basename(opened.weights);
  const lowered = lowerNetwork(network, { file, tensors: opened.tensors }, [value]);
  const model = await OrtModel.open(lowered, { folder: path.dirname(opened.weights), threads: 1 });
  try {
    for (const generation of backend === 'emulated' ? emulatedGenerations : [anyGeneration]) {
      const session = await open(opened, network, value, backend, undefined, generation);
      for (const pack of backend === 'reference' ? packs : fewPacks) {
        const input = packed(pack, network.vocabularySize);
        const actual = await encode(opened.addon, session, input);
        const [expected] = await model.run(input);
        const what = `${value}, ${backend} ${generation}, [${pack.join(', ')}]`;
        near(actual, expected!.data, expected!.columns, tolerance, what);
      }
      await opened.addon.close(session);
    }
  } finally {
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

export async function encodeOnce(
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

export function open(
  { addon, weights, tensors }: Opened,
  network: Network,
  value: string,
  backend: AddonBackend,
  format?: ResultFormat,
  generation = anyGeneration,
): Promise<CudaSession> {
  return addon.open(backend, 0, generation, memoryBytes, [weights], planNetwork(network, tensors, value, format).words);
}

export async function encode(
  addon: CudaAddon,
  session: CudaSession,
  { ids, cuSeqlens }: PackedInput,
  urgent = false,
): Promise<Float32Array> {
  const { rows, milliseconds } = await addon.encode(session, ids, cuSeqlens, undefined, urgent);
  assert.ok(milliseconds >= 0);
  return new Float32Array(rows);
}

export function packed(lengths: readonly number[], vocabulary: number): PackedInput {
  const ids = lengths.flatMap((length) => [...tokenIds(length, vocabulary)]);
  const cuSeqlens = new Int32Array(lengths.length + 1);
  for (const [index, length] of lengths.entries()) cuSeqlens[index + 1] = cuSeqlens[index]! + length;
  return { ids: Int32Array.from(ids), cuSeqlens };
}

/** Writes a fixture as a model folder and loads an addon; without one the test is skipped, aloud. */
export async function withModel(
  t: TestContext,
  addon: AddonForTest,
  name: string,
  type: StoredType,
  run: (opened: Opened) => Promise<void>,
): Promise<void> {
  if ('missing' in addon) {
    t.skip(addon.missing);
    return;
  }
  const reference = referenceModel(name);
  using folder = writeModelFolder(reference, type);
  const weights = path.join(folder.folder, 'model.safetensors');
  const { tensors } = await readSafetensorsHeader(weights);
  const config = parseModelConfig(reference.config);
  const encoder = describeNetwork(config, (tensor) => tensors.get(tensor)?.shape);
  await run({ addon: loadCudaAddon(addon.file), weights, tensors, encoder, config });
}
