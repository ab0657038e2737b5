import { copyFile, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { changedJson } from '../../model/changedJson.ts';
import { fileDigest } from '../../model/modelFiles.ts';
import { tokenizerName, weightsName, type ModelFolder } from '../../model/modelFolder.ts';
import { readModelManifest } from '../../model/modelManifest.ts';
import type { TensorInfo, TensorType } from '../../model/safetensors.ts';
import { writeSafetensors, type WrittenTensor } from '../../model/safetensorsWriter.ts';
import { brainsOfFloats, halvesOfFloats, TensorValues } from '../../model/tensorValues.ts';
import { factorNames, type LowRank } from '../../runtime/onnx/trainedWeights.ts';
import type { TrainingPlan } from './trainingPlan.ts';
import type { OptimizerSettings } from './trainingTypes.ts';

export interface WriteOptions {
  readonly name: string;
  readonly precision: OptimizerSettings['precision'];
  /** Changes to `config.json`, such as the labels of a classifier. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Put in front of the encoder's tensor names if they have no prefix; transformers looks for it under a head. */
  readonly prefix?: string;
  /** Leading columns that serve on their own now, beside those that did before. */
  readonly matryoshka?: readonly number[];
  /** Tensors that served training only. */
  readonly leftOut?: ReadonlyMap<string, unknown>;
}

/** Files that describe the model and stay true after training. */
const copied =
  /^(tokenizer.*|special_tokens_map|vocab|added_tokens|modules|sentence_bert_config|config_sentence_transformers)\.(json|txt)$|^merges\.txt$|^LICENSE/;

/** Writes a complete model folder with low-rank additions merged; it appears under its name only when it is complete. */
export async function writeTrainedModel(plan: TrainingPlan, folder: string, options: WriteOptions): Promise<void> {
  const partial = `${folder}.partial`;
  await rm(partial, { recursive: true, force: true });
  try {
    await mkdir(partial, { recursive: true });
    await copyDescriptions(plan.model.folder, partial);
    await copyFile(plan.model.tokenizerFile, path.join(partial, tokenizerName));
    const config = await readFile(path.join(plan.model.folder, 'config.json'), 'utf8');
    await writeFile(path.join(partial, 'config.json'), changedJson(config, options.config ?? {}));
    await writeWeights(plan, path.join(partial, weightsName), options);
    await writeManifest(plan.model, partial, options);
    await rm(folder, { recursive: true, force: true });
    await rename(partial, folder);
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

async function copyDescriptions(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    const file = path.join(from, name);
    if (copied.test(name) && (await stat(file)).isFile()) await copyFile(file, path.join(to, name));
  }
  const pooling = path.join('1_Pooling', 'config.json');
  if ((await stat(path.join(from, pooling)).catch(() => undefined))?.isFile() === true) {
    await mkdir(path.join(to, '1_Pooling'), { recursive: true });
    await copyFile(path.join(from, pooling), path.join(to, pooling));
  }
}

async function writeWeights(
  plan: TrainingPlan,
  file: string,
  { precision, prefix, leftOut }: WriteOptions,
): Promise<void> {
  const { model, network, trained } = plan;
  using values = new TensorValues(model.weightsRoot, weightsName);
  const fallback = model.weights.tensors.values().next().value?.type ?? 'F32';
  const typeOf = (info: TensorInfo | undefined): TensorType =>
    precision === 'source' ? (info?.type ?? fallback) : precision === 'float16' ? 'F16' : 'F32';
  const nameOf = (tensor: string): string =>
    prefix !== undefined &&
    !tensor.startsWith(prefix) &&
    (model.encoder.weights.has(tensor) || tensor.startsWith('pooler.'))
      ? prefix + tensor
      : tensor;
  const names = new Set([...model.weights.tensors.keys(), ...network.weights.keys()]);
  const kept = Array.from(names).filter((tensor) => leftOut?.has(tensor) !== true);
  const tensors = kept.map((tensor): WrittenTensor => {
    const info = model.weights.tensors.get(tensor);
    const shape = network.weights.get(tensor) ?? info?.shape ?? [];
    const type = typeOf(info);
    const bytes = (): Uint8Array => {
      if (!trained.has(tensor) && info !== undefined && info.type === type) return values.bytes(info);
      return encoded(mergedValues(plan, tensor, shape, info === undefined ? undefined : () => values.read(info)), type);
    };
    return { name: nameOf(tensor), type, shape, bytes };
  });
  await writeSafetensors(file, tensors, { format: 'pt' });
}

/** A tensor's values with what training made of them. */
function mergedValues(
  { trained, parameters }: TrainingPlan,
  tensor: string,
  shape: readonly number[],
  read: (() => Float32Array) | undefined,
): Float32Array {
  const how = trained.get(tensor);
  if (how?.kind === 'full') return parameters.byName.get(tensor)!.data;
  const values = read?.() ?? new Float32Array(shape.reduce((a, b) => a * b, 1));
  if (how !== undefined) {
    const { data: a } = parameters.byName.get(factorNames.a(tensor))!;
    const { data: b } = parameters.byName.get(factorNames.b(tensor))!;
    addLowRank(values, shape, a, b, how);
  }
  return values;
}

/** Adds the product of the factors to `values [rows, columns]`; see {@link LowRank} for their shapes. */
function addLowRank(
  values: Float32Array,
  [rows = 1, columns = 1]: readonly number[],
  a: Float32Array,
  b: Float32Array,
  { kind, rank, scale }: LowRank,
): void {
  for (let row = 0; row < rows; row++) {
    for (let k = 0; k < rank; k++) {
      const factor = scale * (kind === 'low-rank' ? b : a)[row * rank + k]!;
      if (factor === 0) continue;
      for (let column = 0; column < columns; column++) {
        values[row * columns + column]! +=
          factor * (kind === 'low-rank' ? a[k * columns + column]! : b[column * rank + k]!);
      }
    }
  }
}

function encoded(values: Float32Array, type: TensorType): Uint8Array {
  switch (type) {
    case 'F32':
      return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    case 'F16':
      return new Uint8Array(halvesOfFloats(values).buffer);
    case 'BF16':
      return new Uint8Array(brainsOfFloats(values).buffer);
    case 'I8':
      throw new Error('Trained tensors are never integers.');
  }
}

async function writeManifest(
  model: ModelFolder,
  folder: string,
  { name, matryoshka: learnt = [] }: WriteOptions,
): Promise<void> {
  const { pooling, prefixes, matryoshka, license } = await readModelManifest(model.folder);
  const files: Record<string, { sha256: string; bytes: number }> = {};
  for (const file of [weightsName, tokenizerName, 'config.json']) {
    files[file] = { sha256: await fileDigest(folder, file), bytes: (await stat(path.join(folder, file))).size };
  }
  const { dimension, maxTokens } = model;
  const manifest = {
    name,
    architecture: model.encoder.architecture,
    pooling,
    normalize: true,
    prefixes,
    dimension,
    matryoshka: [...new Set([...matryoshka, ...learnt])].sort((a, b) => b - a),
    maxTokens,
    license,
    files,
  };
  await writeFile(path.join(folder, 'sextant.json'), `${JSON.stringify(manifest, null, 2)}\n`);
}
