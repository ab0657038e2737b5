import { createHash } from 'node:crypto';
import os from 'node:os';
import { withClassificationHead } from '../model/classificationHead.ts';
import { readModelFolder, type ModelFolder } from '../model/modelFolder.ts';
import { chooseBackend, type BackendChoice } from './backends.ts';
import { PackedClassifier, type Classifier } from './classifier.ts';
import type { Encoder } from './encoder.ts';
import type { Precision } from './encodeWorker.ts';
import { PackedEncoder } from './packedEncoder.ts';
import { PackedRunner, type PackedRunnerOptions } from './packedRunner.ts';

export interface CreateEncoderOptions {
  readonly modelDir: string;
  /** Upper bound of the threads that compute; 0 takes half of the cores. */
  readonly threads: number;
  readonly backend: BackendChoice;
  readonly precision?: Precision;
  readonly signal?: AbortSignal;
}

/**
 * Opens a model for embedding.
 * @throws SextantError `model_missing`, `model_invalid` (see `readModelFolder`), or `runtime_unavailable` if the asked
 * for backend cannot be used or the model does not load; the signal's reason when aborted.
 */
export async function createEncoder(options: CreateEncoderOptions): Promise<Encoder> {
  const backend = chooseBackend(options.backend);
  const model = withPrecision(await read(options), options.precision ?? 'float32');
  return new PackedEncoder(model, await start(model, 'embedding', options), backend);
}

/** Opens a fine-tuned model for sequence classification; rejects as {@link createEncoder} does. */
export async function createClassifier(options: CreateEncoderOptions): Promise<Classifier> {
  const backend = chooseBackend(options.backend);
  const model = await read(options);
  const { labels } = withClassificationHead(
    model.encoder,
    model.config,
    (name) => model.weights.tensors.get(name)?.shape,
  );
  return new PackedClassifier(labels, await start(model, 'classification', options), backend);
}

/** Rounded products give other vectors, which must never be compared with exact ones. */
function withPrecision(model: ModelFolder, precision: Precision): ModelFolder {
  if (precision === 'float32') return model;
  return { ...model, fingerprint: createHash('sha256').update(`${model.fingerprint} ${precision}`).digest('hex') };
}

function read({ modelDir, signal }: CreateEncoderOptions): Promise<ModelFolder> {
  return readModelFolder(modelDir, signal === undefined ? {} : { signal });
}

async function start(
  model: ModelFolder,
  head: PackedRunnerOptions['head'],
  { threads, precision = 'float32', signal }: CreateEncoderOptions,
): Promise<PackedRunner> {
  const bound = threads > 0 ? Math.floor(threads) : Math.ceil(os.availableParallelism() / 2);
  const runner = new PackedRunner({ model, threads: Math.max(1, bound), head, precision });
  try {
    await runner.load();
    signal?.throwIfAborted();
    return runner;
  } catch (error) {
    await runner.dispose();
    throw error;
  }
}
