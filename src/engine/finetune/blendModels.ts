import { cp, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileDigest, readJsonFile } from '../model/modelFiles.ts';
import { readModelFolder, weightsName, type ModelFolder } from '../model/modelFolder.ts';
import type { TensorInfo } from '../model/safetensors.ts';
import { writeSafetensors, type WrittenTensor } from '../model/safetensorsWriter.ts';
import { brainsOfFloats, halvesOfFloats, TensorValues } from '../model/tensorValues.ts';

function encoded(values: Float32Array, { type }: TensorInfo): Uint8Array {
  if (type === 'F16') return new Uint8Array(halvesOfFloats(values).buffer);
  if (type === 'BF16') return new Uint8Array(brainsOfFloats(values).buffer);
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function sameShape(left: TensorInfo, right: TensorInfo | undefined): right is TensorInfo {
  return right !== undefined && left.shape.join() === right.shape.join() && right.type !== 'I8';
}

/** `base + share · (tuned − base)`, tensor by tensor; what the base lacks stays as it is. */
async function writeBlend(base: ModelFolder, tuned: ModelFolder, share: number, file: string): Promise<void> {
  using before = new TensorValues(base.weightsRoot, weightsName);
  using after = new TensorValues(tuned.weightsRoot, weightsName);
  const tensors = [...tuned.weights.tensors].map(([name, info]): WrittenTensor => {
    const bytes = (): Uint8Array => {
      const original = base.weights.tensors.get(name);
      if (info.type === 'I8' || !sameShape(info, original)) return after.bytes(info);
      const from = before.read(original);
      return encoded(
        after.read(info).map((value, index) => from[index]! + share * (value - from[index]!)),
        info,
      );
    };
    return { name, type: info.type, shape: info.shape, bytes };
  });
  await writeSafetensors(file, tensors, { format: 'pt' });
}

/**
 * Makes a model that lies between two of the same shape (Wortsman et al. 2022, WiSE-FT): with less of what was learnt, less is
 * forgotten too. `outDir` appears when it is complete; `share` is in [0, 1], where 1 is the tuned model.
 */
export async function blendModels(baseDir: string, tunedDir: string, outDir: string, share: number): Promise<void> {
  const [base, tuned] = await Promise.all([readModelFolder(baseDir), readModelFolder(tunedDir)]);
  const partial = `${outDir}.partial`;
  await rm(partial, { recursive: true, force: true });
  await cp(tunedDir, partial, { recursive: true });
  const weights = path.join(partial, weightsName);
  await writeBlend(base, tuned, share, weights);
  const manifest = (await readJsonFile(partial, 'sextant.json')) as { files?: Record<string, unknown> };
  const digest = { sha256: await fileDigest(partial, weightsName), bytes: (await stat(weights)).size };
  const files = { ...manifest.files, [weightsName]: digest };
  await writeFile(path.join(partial, 'sextant.json'), `${JSON.stringify({ ...manifest, files }, null, 2)}\n`);
  await rm(outDir, { recursive: true, force: true });
  await rename(partial, outDir);
}
