import type { GradientNetwork, TrainableNetwork } from '../../../../src/engine/model/gradientNetwork.ts';
import { crossEntropyGradientOf, gradientOf } from '../../../../src/engine/model/gradientOf.ts';
import { readSafetensorsHeader } from '../../../../src/engine/model/safetensors.ts';
import { lowerGradient } from '../../../../src/engine/runtime/onnx/lowerGradient.ts';
import type { TrainedTensors } from '../../../../src/engine/runtime/onnx/trainedWeights.ts';
import { OrtTraining, type Parameter, type TrainingRun } from '../../../../src/engine/runtime/ortTraining.ts';
import type { Selection } from '../../../../src/engine/runtime/packedInput.ts';
import { noiseValues, writeModelFolder, type ReferenceModel } from '../runtime/referenceModel.ts';
import type { Matrix } from '../../../../src/engine/runtime/ortModel.ts';
import type { ScalarInput } from './scalarNetwork.ts';

/** What is trained, with values. */
export interface Trained {
  readonly trained: TrainedTensors;
  readonly parameters: ReadonlyMap<string, Parameter>;
}

/** Gradients of a random linear function of the result, or of the cross-entropy of what is asked, by ONNX Runtime. */
export async function runGradient(
  network: TrainableNetwork,
  result: string,
  chosen: Trained,
  reference: Pick<ReferenceModel, 'config' | 'tensors'>,
  input: ScalarInput,
  selection?: Selection,
): Promise<TrainingRun> {
  const isTrained = (tensor: string): boolean => chosen.trained.has(tensor);
  const gradient =
    selection === undefined
      ? gradientOf(network, result, isTrained)
      : crossEntropyGradientOf(network, result, isTrained);
  const rows = input.lengths.length;
  const columns = columnsOf(network, result);
  const seed = { data: noiseValues('seed', rows * columns), rows, columns };
  return run(gradient, chosen, reference, input, selection === undefined ? { seed } : { selection });
}

async function run(
  gradient: GradientNetwork,
  { trained, parameters }: Trained,
  reference: Pick<ReferenceModel, 'config' | 'tensors'>,
  input: ScalarInput,
  { seed, selection }: { readonly seed?: Matrix; readonly selection?: Selection },
): Promise<TrainingRun> {
  using opened = writeModelFolder(reference);
  const { tensors } = await readSafetensorsHeader(`${opened.folder}/model.safetensors`);
  const lowered = lowerGradient(gradient, { file: 'model.safetensors', tensors }, trained);
  const session = await OrtTraining.open(lowered, { folder: opened.folder, threads: 1 });
  try {
    const cuSeqlens = Int32Array.from([
      0,
      ...input.lengths.map((_, b) => input.lengths.slice(0, b + 1).reduce((x, y) => x + y, 0)),
    ]);
    const packed = { ids: Int32Array.from(input.ids), cuSeqlens, types: Int32Array.from(input.types!) };
    return await session.run({ ...packed, ...(selection === undefined ? {} : { selection }) }, parameters, seed);
  } finally {
    await session.dispose();
  }
}

function columnsOf({ operations }: TrainableNetwork, result: string): number {
  const last = operations.find(({ output }) => output === result)!;
  return last.kind === 'normalize' ? last.dimension : last.kind === 'linear' ? last.outputWidth : 0;
}

/** Gradients by parameter; rows by index are added up. */
export function gathered(
  { gradients }: TrainingRun,
  parameters: ReadonlyMap<string, Parameter>,
  { ids, lengths, types }: ScalarInput,
): Map<string, Float64Array> {
  const positions = lengths.flatMap((length) => Array.from({ length }, (_, position) => position));
  const result = new Map<string, Float64Array>();
  for (const [name, { data }] of parameters) result.set(name, new Float64Array(data.length));
  for (const { of, data } of gradients) {
    if ('rows' in of) {
      const sum = result.get(of.rows.tensor)!;
      const columns = parameters.get(of.rows.tensor)!.shape[1] ?? 1;
      for (const [i, value] of data.entries()) sum[of.rows.start * columns + i]! += value;
      continue;
    }
    const sum = result.get(of.parameter)!;
    const columns = parameters.get(of.parameter)!.shape[1]!;
    const { index } = of;
    for (const [token, position] of positions.entries()) {
      const row = index.by === 'token' ? ids[token]! : index.by === 'type' ? types![token]! : position + index.offset;
      for (let i = 0; i < columns; i++) sum[row * columns + i]! += data[token * columns + i]!;
    }
  }
  return result;
}
