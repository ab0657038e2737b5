import { createHash } from 'node:crypto';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import { describeNetwork } from './describeNetwork.ts';
import { withEmbeddingAdapter } from './embeddingAdapter.ts';
import { parseModelConfig, type ModelConfig } from './modelConfig.ts';
import { readJsonFile } from './modelFiles.ts';
import { readModelManifest } from './modelManifest.ts';
import { readModelParts, requireFile, tokenizerName, weightsName, type ModelParts } from './modelParts.ts';
import { withEmbeddingHead, type EmbeddingNetwork, type Network, type Pooling } from './network.ts';
import type { SafetensorsHeader } from './safetensors.ts';

export { tokenizerName, weightsName };

/** A model on disk, checked: its files are there, agree with each other and with their digests. */
export interface ModelFolder {
  readonly folder: string;
  readonly name: string;
  readonly license: string | undefined;
  readonly config: ModelConfig;
  readonly weights: SafetensorsHeader;
  /** Folder that `TensorInfo.file` is relative to; the model's own unless it is an adapter. */
  readonly weightsRoot: string;
  /** Absolute path. */
  readonly tokenizerFile: string;
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
  await requireFile(folder, 'config.json');
  options.signal?.throwIfAborted();
  const [config, manifest] = await Promise.all([
    readJsonFile(folder, 'config.json').then(parseModelConfig),
    readModelManifest(folder),
  ]);
  const { weights, weightsRoot, tokenizerFile, digests } = await readModelParts(folder, manifest);
  const shapes = (name: string): readonly number[] | undefined => weights.tensors.get(name)?.shape;
  const encoder = withEmbeddingAdapter(describeNetwork(config, shapes), shapes);
  const dimension = options.dimension ?? manifest.dimension ?? encoder.hiddenSize;
  if (dimension > encoder.hiddenSize) {
    throw new SextantError(
      'model_invalid',
      `The model's embeddings have ${encoder.hiddenSize} columns, not ${dimension}.`,
    );
  }
  const maxTokens = Math.min(manifest.maxTokens ?? encoder.maxTokens, encoder.maxTokens);
  options.signal?.throwIfAborted();
  return {
    folder,
    name: manifest.name ?? path.basename(path.resolve(folder)),
    license: manifest.license,
    config,
    weights,
    weightsRoot,
    tokenizerFile,
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

/** The object's keys are written in this order, so that the digest depends on its contents alone. */
function fingerprintOf(
  facts: ModelParts['digests'] & Pick<ModelFolder, 'config' | 'pooling' | 'prefixes' | 'dimension' | 'maxTokens'>,
): string {
  const { weights, tokenizer, config, pooling, prefixes, dimension, maxTokens } = facts;
  const { query, document } = prefixes;
  const content = JSON.stringify([weights, tokenizer, config, pooling, query, document, dimension, maxTokens]);
  return createHash('sha256').update(content).digest('hex');
}
