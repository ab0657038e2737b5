import { createHash } from 'node:crypto';
import { withClassificationHead } from '../model/classificationHead.ts';
import { readModelFolder, type ModelFolder } from '../model/modelFolder.ts';
import type { BackendChoice } from './backends.ts';
import { PackedClassifier, type Classifier } from './classifier.ts';
import type { Encoder } from './encoder.ts';
import type { Precision } from './encodeWorker.ts';
import { openRunner } from './openRunner.ts';
import { PackedEncoder } from './packedEncoder.ts';

export interface CreateEncoderOptions {
  readonly modelDir: string;
  /** Upper bound of the threads that compute; 0 takes half of the cores. */
  readonly threads: number;
  readonly backend: BackendChoice;
  readonly precision?: Precision;
  /** What a model may take of a GPU's memory; 0 (as when left out) takes half of the card's. */
  readonly gpuMemoryMB?: number;
  readonly signal?: AbortSignal;
}

/**
 * Opens a model for embedding.
 * @throws SextantError `model_missing`, `model_invalid` (see `readModelFolder`), or `runtime_unavailable` if the asked
 * for backend cannot be used or the model does not load; the signal's reason when aborted.
 */
export async function createEncoder(options: CreateEncoderOptions): Promise<Encoder> {
  const model = await read(options);
  const { runner, backend, precision } = await openRunner(model, 'embedding', options);
  return new PackedEncoder(withPrecision(model, precision), runner, backend);
}

/** Opens a fine-tuned model for sequence classification; rejects as {@link createEncoder} does. */
export async function createClassifier(options: CreateEncoderOptions): Promise<Classifier> {
  const model = await read(options);
  const { labels } = withClassificationHead(
    model.encoder,
    model.config,
    (name) => model.weights.tensors.get(name)?.shape,
  );
  const { runner, backend } = await openRunner(model, 'classification', options);
  return new PackedClassifier(labels, runner, backend);
}

/** Rounded products give other vectors, which must never be compared with exact ones. */
function withPrecision(model: ModelFolder, precision: Precision): ModelFolder {
  if (precision === 'float32') return model;
  return { ...model, fingerprint: createHash('sha256').update(`${model.fingerprint} ${precision}`).digest('hex') };
}

function read({ modelDir, signal }: CreateEncoderOptions): Promise<ModelFolder> {
  return readModelFolder(modelDir, signal === undefined ? {} : { signal });
}
