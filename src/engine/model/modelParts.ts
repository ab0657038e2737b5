import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import { fileDigest } from './modelFiles.ts';
import type { BaseModel, ModelManifest } from './modelManifest.ts';
import { readSafetensorsHeader, type SafetensorsHeader } from './safetensors.ts';

export const weightsName = 'model.safetensors';
export const tokenizerName = 'tokenizer.json';
/** What an adapter holds instead of `model.safetensors`: only the tensors that differ from its base. */
export const adapterName = 'adapter.safetensors';

/** Weights and tokenizer of a model, which may lie in more than one folder. */
export interface ModelParts {
  readonly weights: SafetensorsHeader;
  /** Folder to which the tensors' `file` is relative; ONNX Runtime reads no weights from outside of it. */
  readonly weightsRoot: string;
  /** Absolute path. */
  readonly tokenizerFile: string;
  /** SHA-256 over all weights, and over the tokenizer. */
  readonly digests: { readonly weights: string; readonly tokenizer: string };
}

/**
 * Finds weights and tokenizer and checks them against their digests.
 * @throws SextantError `model_missing` if a file is not there, `model_invalid` if it is not the one that is meant.
 */
export function readModelParts(folder: string, manifest: ModelManifest): Promise<ModelParts> {
  return manifest.base === undefined ? wholeModel(folder, manifest) : adaptedModel(folder, manifest, manifest.base);
}

async function wholeModel(folder: string, manifest: ModelManifest): Promise<ModelParts> {
  const [weights, tokenizer] = await Promise.all(
    [weightsName, tokenizerName].map((name) => digestOf(folder, name, manifest)),
  );
  return {
    weights: await readSafetensorsHeader(path.join(folder, weightsName)),
    weightsRoot: folder,
    tokenizerFile: path.join(folder, tokenizerName),
    digests: { weights: weights!, tokenizer: tokenizer! },
  };
}

/** The base's tensors, with those of the adapter instead or in addition; nothing is copied. */
async function adaptedModel(folder: string, manifest: ModelManifest, base: BaseModel): Promise<ModelParts> {
  const weightsRoot = path.dirname(path.resolve(folder));
  const baseFolder = path.join(weightsRoot, base.folder);
  await Promise.all([
    requireFile(folder, adapterName),
    ...[weightsName, tokenizerName].map((name) => requireFile(baseFolder, name)),
  ]);
  const [own, weights, tokenizer] = await Promise.all([
    digestOf(folder, adapterName, manifest),
    fileDigest(baseFolder, weightsName),
    fileDigest(baseFolder, tokenizerName),
  ]);
  if (weights !== base.sha256) {
    throw new SextantError('model_invalid', `The adapter at ${folder} was made for other weights of ${base.folder}.`, {
      hint: 'Install adapter and model of the same release.',
    });
  }
  const files = [path.join(base.folder, weightsName), path.join(path.basename(folder), adapterName)];
  const headers = await Promise.all(files.map((file) => readSafetensorsHeader(path.join(weightsRoot, file))));
  const tensors = headers.flatMap((header, index) =>
    [...header.tensors].map(([name, tensor]) => [name, { ...tensor, file: files[index]! }] as const),
  );
  return {
    weights: {
      tensors: new Map(tensors),
      metadata: {},
      fileBytes: headers.reduce((sum, header) => sum + header.fileBytes, 0),
    },
    weightsRoot,
    tokenizerFile: path.join(baseFolder, tokenizerName),
    digests: { weights: createHash('sha256').update(weights).update(own).digest('hex'), tokenizer },
  };
}

export async function requireFile(folder: string, name: string): Promise<void> {
  const found = await stat(path.join(folder, name)).catch(() => undefined);
  if (found?.isFile() === true) return;
  const folderFound = await stat(folder).catch(() => undefined);
  if (folderFound?.isDirectory() !== true) {
    throw new SextantError('model_missing', `There is no model at ${folder}.`, { hint: 'Choose or download a model.' });
  }
  throw new SextantError('model_missing', `The model at ${folder} lacks ${name}.`, {
    hint: 'A model folder holds config.json, tokenizer.json and model.safetensors; download it again if one is missing.',
  });
}

async function digestOf(folder: string, name: string, manifest: ModelManifest): Promise<string> {
  await requireFile(folder, name);
  const digest = await fileDigest(folder, name);
  const expected = manifest.files[name];
  if (expected !== undefined && expected.sha256 !== digest) {
    throw new SextantError('model_invalid', `The model's ${name} is not the file its sextant.json names.`, {
      hint: 'It may be cut off or damaged. Download or copy the model again.',
    });
  }
  return digest;
}
