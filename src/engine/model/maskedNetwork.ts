import { SextantError } from '../../shared/errors.ts';
import type { TrainableNetwork } from './gradientNetwork.ts';
import { headModules } from './headModules.ts';
import type { ModelFolder } from './modelFolder.ts';
import { NewHeadTensors, type NewTensor } from './newHeadTensors.ts';
import type { Network, Operation } from './network.ts';
import { withTaskHead } from './taskHead.ts';

/** An encoder that predicts the tokens that a pack asks about: `logits [M, vocabulary]`. */
export interface MaskedNetwork extends TrainableNetwork {
  readonly logits: string;
  /** Tensors of the head that the model lacks, with first values. */
  readonly created: ReadonlyMap<string, NewTensor>;
}

type Encoding = Pick<ModelFolder, 'encoder' | 'config'> & { readonly weights: Pick<ModelFolder['weights'], 'tensors'> };

/**
 * The masked-language head of the family over the selected tokens alone, so that the product with the vocabulary is not made for
 * those that nobody asks about. Encoders that came without one get a new one that shares the token embeddings and begins with
 * `logFrequencies [vocabulary]` as its bias: how common a token is need not be learnt.
 */
export function maskedNetwork(model: Encoding, logFrequencies: Float32Array, seed: number): MaskedNetwork {
  const { encoder, config, weights } = model;
  const created = newMaskedHead(model, logFrequencies, seed);
  const shapes = (name: string): readonly number[] | undefined =>
    created.get(name)?.shape ?? weights.tensors.get(name)?.shape;
  const { operations, weights: named, logits } = withTaskHead('fill-mask', encoder, config, shapes);
  const selected = 'selected';
  const head = operations.slice(encoder.operations.length).map((operation) => reading(operation, selected, encoder));
  const { lastHiddenState: input, hiddenSize: width } = encoder;
  return {
    operations: [...encoder.operations, { kind: 'select', input, output: selected, width }, ...head],
    weights: named,
    logits,
    created,
  };
}

/** The operation, reading the selected rows where it read all of them. */
function reading(operation: Operation, selected: string, { lastHiddenState }: Network): Operation {
  if (operation.kind === 'embed' || operation.input !== lastHiddenState) return operation;
  return { ...operation, input: selected };
}

function newMaskedHead(
  { config, weights, encoder }: Encoding,
  logFrequencies: Float32Array,
  seed: number,
): ReadonlyMap<string, NewTensor> {
  const shapes = (name: string): readonly number[] | undefined => weights.tensors.get(name)?.shape;
  const modules = headModules('fill-mask', config, shapes);
  if (modules === undefined) throw new SextantError('model_invalid', `${config.family} has no masked-language head.`);
  const { dense, norm, weight, bias } = modules;
  const head = new NewHeadTensors(shapes, encoder.hiddenSize, seed);
  if (dense !== undefined && !head.has(dense.module)) {
    head.linear(dense.module, encoder.hiddenSize, config.family !== 'modernbert');
  }
  if (norm !== undefined && !head.has(norm.module)) {
    head.norm(norm.module, config.family !== 'modernbert' || config.normBias);
  }
  if (![...weight, ...bias].some((name) => shapes(name) !== undefined)) {
    head.add(bias[0]!, [encoder.vocabularySize], (id) => logFrequencies[id]!);
  }
  return head.tensors;
}
