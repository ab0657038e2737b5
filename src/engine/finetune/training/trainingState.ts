import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { readSafetensorsHeader } from '../../model/safetensors.ts';
import { writeSafetensors, type WrittenTensor } from '../../model/safetensorsWriter.ts';
import { TensorValues } from '../../model/tensorValues.ts';
import type { ParameterSet, TrainedParameter } from './parameterSet.ts';

const stateName = 'state.safetensors';

const progressSchema = z.object({
  /** Digest of all that decides the run. */
  run: z.string(),
  step: z.number().int().min(0),
  tokens: z.number().min(0),
  evaluations: z.array(z.object({ step: z.number().int(), score: z.number() })),
  best: z.object({ step: z.number().int(), score: z.number() }).optional(),
  /** A verdict has ended training. */
  ended: z.boolean().default(false),
});

/** How far a run has come, beside its parameters. The order of the data follows from the step. */
export type Progress = z.infer<typeof progressSchema>;

const values = ['data', 'mean', 'square'] as const;

/** Writes parameters, moments and progress to a new file, which then takes the place of the old one. */
export async function saveState(folder: string, parameters: ParameterSet, progress: Progress): Promise<void> {
  const file = path.join(folder, stateName);
  const partial = `${file}.partial`;
  const tensors = parameters.all.flatMap((parameter) =>
    values.map((kind): WrittenTensor => ({
      name: `${parameter.name}.${kind}`,
      type: 'F32',
      shape: parameter.shape,
      bytes: () => bytesOf(parameter[kind]),
    })),
  );
  try {
    await writeSafetensors(partial, tensors, { progress: JSON.stringify(progress) });
    await rename(partial, file);
  } catch (error) {
    await rm(partial, { force: true });
    throw error;
  }
  await syncFolder(folder);
}

/**
 * Reads the state of this run into the parameters.
 * @returns nothing if there is none, or only one of another run, or one that cannot be read.
 */
export async function loadState(folder: string, parameters: ParameterSet, run: string): Promise<Progress | undefined> {
  const header = await readSafetensorsHeader(path.join(folder, stateName)).catch(() => undefined);
  if (header === undefined) return undefined;
  const progress = parseProgress(header.metadata['progress']);
  if (progress?.run !== run) return undefined;
  const found = parameters.all.every((parameter) =>
    values.every((kind) => header.tensors.get(`${parameter.name}.${kind}`)?.bytes === parameter[kind].byteLength),
  );
  if (!found) return undefined;
  using file = new TensorValues(folder, stateName);
  const fill = (parameter: TrainedParameter): void => {
    for (const kind of values) parameter[kind].set(file.read(header.tensors.get(`${parameter.name}.${kind}`)!));
  };
  parameters.all.forEach(fill);
  parameters.findTouched();
  return progress;
}

function parseProgress(text: string | undefined): Progress | undefined {
  try {
    return progressSchema.parse(JSON.parse(text ?? ''));
  } catch {
    return undefined;
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** A rename is on the disk once its folder is; systems that cannot open folders do without. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}
