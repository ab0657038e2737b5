import os from 'node:os';
import { readModelFolder } from '../model/modelFolder.ts';
import { chooseBackend, type BackendChoice } from './backends.ts';
import type { Encoder } from './encoder.ts';
import { PackedEncoder } from './packedEncoder.ts';

export interface CreateEncoderOptions {
  readonly modelDir: string;
  /** Upper bound of the threads that compute; 0 takes half of the cores. */
  readonly threads: number;
  readonly backend: BackendChoice;
  readonly signal?: AbortSignal;
}

/**
 * Opens a model for embedding.
 * @throws SextantError `model_missing`, `model_invalid` (see `readModelFolder`), or `runtime_unavailable` if the asked
 * for backend cannot be used or the model does not load; the signal's reason when aborted.
 */
export async function createEncoder({ modelDir, threads, backend, signal }: CreateEncoderOptions): Promise<Encoder> {
  const status = chooseBackend(backend);
  const model = await readModelFolder(modelDir, signal === undefined ? {} : { signal });
  const encoder = new PackedEncoder({
    model,
    threads: threads > 0 ? Math.floor(threads) : Math.ceil(os.availableParallelism() / 2),
    backend: status,
  });
  try {
    await encoder.load();
    signal?.throwIfAborted();
    return encoder;
  } catch (error) {
    await encoder.dispose();
    throw error;
  }
}
