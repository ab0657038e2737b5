import path from 'node:path';
import { workerData } from 'node:worker_threads';
import { SextantError } from '../../shared/errors.ts';
import { withClassificationHead } from '../model/classificationHead.ts';
import { firstTokenOnly } from '../model/firstTokenOnly.ts';
import { readModelFolder, weightsName } from '../model/modelFolder.ts';
import type { Network } from '../model/network.ts';
import { lowerNetwork, type LoweredNetwork } from './onnx/lowerNetwork.ts';
import { QuantizedWeights } from './quantizedWeights.ts';
import { OrtModel, type Matrix } from './ortModel.ts';
import type { PackedInput } from './packedInput.ts';
import type { ProviderName } from './providers/providers.ts';
import { serveRequests } from './serveRequests.ts';
import type { WorkerData } from './workerLink.ts';

/** `int8` multiplies 8-bit integers in linear layers: about twice as fast, embeddings differ in the third digit. */
export type Precision = 'float32' | 'int8';

export interface EncodeSettings {
  readonly folder: string;
  readonly threads: number;
  /** What the rows that come back are: embeddings, or logits of the classes. */
  readonly head: 'embedding' | 'classification';
  readonly precision: Precision;
  /** A GPU of ONNX Runtime instead of the CPU. */
  readonly provider?: ProviderName;
}

/** `load` opens the session, so that a model that cannot run is known before the first text. */
export type EncodeRequest = { readonly kind: 'load' } | { readonly kind: 'encode'; readonly input: PackedInput };

const { folder, threads, head, precision, provider } = (workerData as WorkerData<EncodeSettings>).settings;

async function load(): Promise<OrtModel> {
  const { encoder, network: embedding, config, weights, weightsRoot } = await readModelFolder(folder);
  vocabularySize = encoder.vocabularySize;
  const { tensors } = weights;
  if (precision === 'int8' && weightsRoot !== folder) {
    throw new SextantError('runtime_unavailable', 'An adapter runs in float32 only.');
  }
  using quantized = precision === 'int8' ? new QuantizedWeights(path.join(folder, weightsName), tensors) : undefined;
  const lower = (network: Network, output: string): LoweredNetwork =>
    lowerNetwork(firstTokenOnly(network), { file: weightsName, tensors }, [output], quantized);
  const options = { folder: weightsRoot, threads, ...(provider === undefined ? {} : { provider }) };
  if (head === 'embedding') return await OrtModel.open(lower(embedding, embedding.embedding), options);
  const classification = withClassificationHead(encoder, config, (name) => tensors.get(name)?.shape);
  return await OrtModel.open(lower(classification, classification.logits), options);
}

let model: Promise<OrtModel> | undefined;
let vocabularySize = 0;

async function close(): Promise<void> {
  const loaded = await model?.catch(() => undefined);
  await loaded?.dispose();
}

// ONNX Runtime's Node binding computes on the thread that calls it, which is why this is a worker.
serveRequests(async (request: EncodeRequest) => {
  const loaded = await (model ??= load());
  if (request.kind === 'load') return { result: { data: new Float32Array(), rows: 0, columns: 0 }, transfer: [] };
  if (request.input.ids.some((id) => id >= vocabularySize)) {
    throw new SextantError('model_invalid', 'The model’s tokenizer knows tokens that its weights have no rows for.');
  }
  const [{ data, rows, columns }] = (await loaded.run(request.input)) as [Matrix];
  // The runtime's own buffer is not ours to transfer.
  const copy = data.slice();
  return { result: { data: copy, rows, columns }, transfer: [copy.buffer] };
}, close);
