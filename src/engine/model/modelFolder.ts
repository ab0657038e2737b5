import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import { describeNetwork } from './describeNetwork.ts';
import { parseModelConfig, type ModelConfig } from './modelConfig.ts';
import { fileDigest, readJsonFile } from './modelFiles.ts';
import { readModelManifest, type ModelManifest } from './modelManifest.ts';
import { withEmbeddingHead, type EmbeddingNetwork, type Network, type Pooling } from './network.ts';
import { readSafetensorsHeader, type SafetensorsHeader } from './safetensors.ts';

export const weightsName = 'model.safetensors';
export const tokenizerName = 'tokenizer.json';

/** A model on disk, checked: its files are there, agree with each other and with their digests. */
export interface ModelFolder {
  readonly folder: string;
  readonly name: string;
  readonly license: string | undefined;
  readonly config: ModelConfig;
  readonly weights: SafetensorsHeader;
  /** The encoder without a head. */
  readonly encoder: Network;
  /** The encoder with pooling and normalisation. */
  readonly network: EmbeddingNetwork;
  readonly pooling: Pooling;
  readonly prefixes: { readonly query: string; readonly document: string };
  readonly dimension: number;
  /** Texts are cut to this many tokens, special tokens counted. */
  readonly maxTokens: number;
  /** Hex digest over everything that decides an embedding. */
  readonly fingerprint: string;
}

export interface ModelFolderOptions {
  readonly signal?: AbortSignal;
  /** Columns to keep of an embedding, for models trained for it; what the model says by default. */
  readonly dimension?: number;
}

/**
 * Reads a model folder in Hugging Face layout.
 * @throws SextantError `model_missing` if the folder or one of its files is not there, `model_invalid` for anything in
 * it that cannot be right.
 */
export async function readModelFolder(folder: string, options: ModelFolderOptions = {}): Promise<ModelFolder> {
  await Promise.all(['config.json', tokenizerName, weightsName].map((name) => requireFile(folder, name)));
  options.signal?.throwIfAborted();
  const [config, manifest, weights] = await Promise.all([
    readJsonFile(folder, 'config.json').then(parseModelConfig),
    readModelManifest(folder),
    readSafetensorsHeader(path.join(folder, weightsName)),
  ]);
  const encoder = describeNetwork(config, (name) => weights.tensors.get(name)?.shape);
  const dimension = options.dimension ?? manifest.dimension ?? encoder.hiddenSize;
  if (dimension > encoder.hiddenSize) {
    throw new SextantError(
      'model_invalid',
      `The model's embeddings have ${encoder.hiddenSize} columns, not ${dimension}.`,
    );
  }
  const maxTokens = Math.min(manifest.maxTokens ?? encoder.maxTokens, encoder.maxTokens);
  const digests = await checkedDigests(folder, manifest);
  options.signal?.throwIfAborted();
  return {
    folder,
    name: manifest.name ?? path.basename(path.resolve(folder)),
    license: manifest.license,
    config,
    weights,
    encoder,
    network: withEmbeddingHead(encoder, manifest.pooling, dimension),
    pooling: manifest.pooling,
    prefixes: manifest.prefixes,
    dimension,
    maxTokens,
    fingerprint: fingerprintOf({
      ...digests,
      config,
      pooling: manifest.pooling,
      prefixes: manifest.prefixes,
      dimension,
      maxTokens,
    }),
  };
}

async function requireFile(folder: string, name: string): Promise<void> {
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

interface Digests {
  readonly weights: string;
  readonly tokenizer: string;
}

async function checkedDigests(folder: string, manifest: ModelManifest): Promise<Digests> {
  const [weights, tokenizer] = await Promise.all([weightsName, tokenizerName].map((name) => fileDigest(folder, name)));
  const digests = { weights: weights!, tokenizer: tokenizer! };
  for (const [name, digest] of Object.entries({ [weightsName]: digests.weights, [tokenizerName]: digests.tokenizer })) {
    const expected = manifest.files[name];
    if (expected !== undefined && expected.sha256 !== digest) {
      throw new SextantError('model_invalid', `The model's ${name} is not the file its sextant.json names.`, {
        hint: 'It may be cut off or damaged. Download or copy the model again.',
      });
    }
  }
  return digests;
}

/** The object's keys are written in this order, so that the digest depends on its contents alone. */
function fingerprintOf(
  facts: Digests & Pick<ModelFolder, 'config' | 'pooling' | 'prefixes' | 'dimension' | 'maxTokens'>,
): string {
  const { weights, tokenizer, config, pooling, prefixes, dimension, maxTokens } = facts;
  const { query, document } = prefixes;
  const content = JSON.stringify([weights, tokenizer, config, pooling, query, document, dimension, maxTokens]);
  return createHash('sha256').update(content).digest('hex');
}
