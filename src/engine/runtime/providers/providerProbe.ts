import { listSupportedBackends } from 'onnxruntime-node';
import { readModelFolder, weightsName } from '../../model/modelFolder.ts';
import { lowerNetwork } from '../onnx/lowerNetwork.ts';
import { OrtModel } from '../ortModel.ts';
import type { PackedInput } from '../packedInput.ts';
import { isProvider, providers, type ProviderName } from './providers.ts';

export interface ProviderProbeReply {
  readonly available: boolean;
  readonly reason: string;
}

/** Lengths around the borders of tiles and windows. */
const lengths = [1, 5, 70, 200];
/** Providers may compute with 16 bits. */
const leastCosine = 0.999;

/** A process of its own; started by `probeProvider` with the provider's name and the model's folder. */
async function probe(name: string, folder: string): Promise<ProviderProbeReply> {
  if (!isProvider(name)) return { available: false, reason: `There is no provider ${name}.` };
  if (!listSupportedBackends().some((backend) => backend.bundled && backend.name === providers[name])) {
    return { available: false, reason: `ONNX Runtime does not bring it for ${process.platform}-${process.arch}.` };
  }
  const { network, weights, weightsRoot } = await readModelFolder(folder);
  const lowered = lowerNetwork(network, { file: weightsName, tensors: weights.tensors }, [network.embedding]);
  const input = sampleInput(network.vocabularySize, Math.min(network.maxTokens, lengths.at(-1)!));
  const embed = async (provider?: ProviderName): Promise<Float32Array> => {
    const options = { folder: weightsRoot, threads: 1, ...(provider === undefined ? {} : { provider }) };
    const model = await OrtModel.open(lowered, options);
    const [rows] = await model.run(input);
    const copy = rows!.data.slice();
    await model.dispose();
    return copy;
  };
  const [expected, actual] = [await embed(), await embed(name)];
  const cosine = leastRowCosine(expected, actual, lengths.length);
  return cosine >= leastCosine
    ? { available: true, reason: `Agrees with the CPU (cosine ${cosine.toFixed(5)}).` }
    : { available: false, reason: `It computes something else than the CPU (cosine ${cosine.toFixed(3)}).` };
}

function sampleInput(vocabulary: number, longest: number): PackedInput {
  const kept = lengths.map((length) => Math.min(length, longest));
  const cuSeqlens = Int32Array.of(0, ...kept.map((_, index) => kept.slice(0, index + 1).reduce((a, b) => a + b)));
  const ids = Int32Array.from({ length: cuSeqlens.at(-1)! }, (_, index) => (index * 7919) % vocabulary);
  return { ids, cuSeqlens };
}

/** NaN where anything is not a number, which is below every bound. */
function leastRowCosine(a: Float32Array, b: Float32Array, rows: number): number {
  const width = a.length / rows;
  const cosines = Array.from({ length: rows }, (_, row) => {
    const x = a.subarray(row * width, (row + 1) * width);
    const y = b.subarray(row * width, (row + 1) * width);
    return x.reduce((sum, value, index) => sum + value * y[index]!, 0) / Math.hypot(...x) / Math.hypot(...y);
  });
  return Math.min(...cosines);
}

const [name = '', folder = ''] = process.argv.slice(2);
const reply = await probe(name, folder).catch((error: unknown) => ({
  available: false,
  reason: (error instanceof Error ? error.message : String(error)).trim(),
}));
process.send?.(reply, () => process.disconnect());
