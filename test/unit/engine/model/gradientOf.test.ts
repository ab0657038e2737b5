import assert from 'node:assert/strict';
import test from 'node:test';
import { withClassificationHead } from '../../../../src/engine/model/classificationHead.ts';
import { describeNetwork } from '../../../../src/engine/model/describeNetwork.ts';
import { firstTokenOnly } from '../../../../src/engine/model/firstTokenOnly.ts';
import { gradientOf } from '../../../../src/engine/model/gradientOf.ts';
import { parseModelConfig } from '../../../../src/engine/model/modelConfig.ts';
import type { TrainableNetwork } from '../../../../src/engine/model/gradientNetwork.ts';
import { maskedNetwork } from '../../../../src/engine/model/maskedNetwork.ts';
import { withEmbeddingHead, type Pooling } from '../../../../src/engine/model/network.ts';
import type { TensorInfo } from '../../../../src/engine/model/safetensors.ts';
import { factorNames, type TrainedTensor } from '../../../../src/engine/runtime/onnx/trainedWeights.ts';
import type { Parameter } from '../../../../src/engine/runtime/ortTraining.ts';
import type { Selection } from '../../../../src/engine/runtime/packedInput.ts';
import {
  noise,
  noiseValues,
  referenceModel,
  tokenIds,
  weight,
  type ReferenceModel,
} from '../runtime/referenceModel.ts';
import { gathered, runGradient, type Trained } from './runGradient.ts';
import { runScalar, type ScalarInput, type ScalarWeights } from './scalarNetwork.ts';

const encoders = ['modernbert-v5', 'modernbert-v4', 'bert', 'roberta', 'xlm-roberta', 'distilbert'];
const classifiers = ['modernbert-v4', 'bert-classifier', 'roberta-classifier', 'distilbert-classifier'];

test('gradients of embeddings are those of finite differences', async (t) => {
  for (const name of encoders) {
    for (const pooling of ['mean', 'cls'] as const) {
      await t.test(`${name}, ${pooling}`, () => check(embeddingCase(name, pooling), everything));
    }
  }
});

test('gradients through the first token alone are those of finite differences', async (t) => {
  for (const name of encoders) await t.test(name, () => check(embeddingCase(name, 'cls', true), everything));
});

test('gradients of a cut embedding leave the other columns alone', () =>
  check({ ...embeddingCase('modernbert-v5', 'mean'), dimension: 32 }, everything));

test('gradients of logits are those of finite differences', async (t) => {
  for (const name of classifiers) await t.test(name, () => check(classifierCase(name), everything));
});

test('gradients of low-rank additions are those of finite differences', async (t) => {
  for (const name of ['modernbert-v5', 'bert']) {
    for (const first of [false, true]) {
      await t.test(`${name}, ${first ? 'first token' : 'all tokens'}`, () =>
        check(embeddingCase(name, 'cls', first), lowRank),
      );
    }
  }
});

test('gradients of the cross-entropy of hidden tokens are those of finite differences', async (t) => {
  for (const name of encoders) {
    await t.test(name, () => check(maskedCase(name), everything));
    await t.test(`${name}, low-rank`, () => check(maskedCase(name), lowRank));
  }
});

test('gradients flow through windows that cut a long sequence', () =>
  check({ ...embeddingCase('modernbert-v4', 'mean'), lengths: [170, 3] }, (tensor) =>
    /layers\.[12]\.attn\.Wqkv|tok_embeddings/.test(tensor) ? { kind: 'full' } : undefined,
  ));

test('nothing is computed for what no trained tensor reaches', () => {
  const reference = referenceModel('modernbert-v5');
  const network = embedding(reference, 'mean');
  const gradient = gradientOf(network, network.embedding, (tensor) => tensor === 'layers.3.mlp.Wo.weight');
  assert.deepEqual(gradient.rows, []);
  const kinds = gradient.operations.slice(-4).map(({ kind }) => kind);
  assert.deepEqual(kinds, ['normalize-gradient', 'pool-gradient', 'norm-input-gradient', 'linear-weight-gradient']);
});

interface Case {
  readonly reference: ReferenceModel;
  readonly network: TrainableNetwork;
  readonly result: string;
  readonly lengths: readonly number[];
  readonly dimension?: number;
  /** Tokens whose cross-entropy is the loss, instead of a random linear function of the result. */
  readonly selection?: Selection;
}

type Choice = (tensor: string) => TrainedTensor | undefined;
const everything: Choice = () => ({ kind: 'full' });
const lowRank: Choice = (tensor) => {
  if (/norm|Norm/.test(tensor) || tensor.endsWith('bias')) return undefined;
  return { kind: tensor.includes('embeddings') ? 'low-rank-table' : 'low-rank', rank: 4, scale: 0.5 };
};

function shapesOf(reference: ReferenceModel): (name: string) => readonly number[] | undefined {
  const shapes = new Map(reference.tensors);
  return (name) => shapes.get(name);
}

function embedding(reference: ReferenceModel, pooling: Pooling, dimension?: number) {
  const encoder = describeNetwork(parseModelConfig(reference.config), shapesOf(reference));
  return withEmbeddingHead(encoder, pooling, dimension ?? encoder.hiddenSize);
}

function embeddingCase(name: string, pooling: Pooling, first = false): Case {
  const reference = referenceModel(name);
  const network = embedding(reference, pooling);
  return {
    reference,
    network: first ? firstTokenOnly(network) : network,
    result: network.embedding,
    lengths: [5, 1, 9],
  };
}

/** An encoder whose head shares the token embeddings and is new. */
function maskedCase(name: string): Case {
  const reference = referenceModel(name);
  const config = parseModelConfig(reference.config);
  const encoder = describeNetwork(config, shapesOf(reference));
  const tensors = new Map(reference.tensors.map(([tensor, shape]) => [tensor, { shape } as TensorInfo]));
  const none = new Float32Array(encoder.vocabularySize);
  const network = maskedNetwork({ encoder, config, weights: { tensors } }, none, 1);
  assert.ok(network.created.size > 0);
  const created = Array.from(network.created, ([tensor, { shape }]) => [tensor, shape] as const);
  return {
    reference: { ...reference, tensors: [...reference.tensors, ...created] },
    network,
    result: network.logits,
    lengths: [5, 1, 9],
    selection: { rows: Int32Array.of(1, 5, 8, 13), targets: Int32Array.of(7, 40, 7, 96), share: 0.25 },
  };
}

function classifierCase(name: string): Case {
  const reference = referenceModel(name);
  const config = parseModelConfig(reference.config);
  const encoder = describeNetwork(config, shapesOf(reference));
  const network = withClassificationHead(encoder, config, shapesOf(reference));
  return { reference, network, result: network.logits, lengths: [5, 1, 9] };
}

function choose({ reference, network }: Case, choice: Choice): Trained {
  const trained = new Map<string, TrainedTensor>();
  const parameters = new Map<string, Parameter>();
  for (const [tensor, shape] of reference.tensors) {
    const how = network.weights.has(tensor) ? choice(tensor) : undefined;
    if (how === undefined) continue;
    trained.set(tensor, how);
    if (how.kind === 'full') {
      parameters.set(tensor, { data: weight(tensor, shape), shape });
      continue;
    }
    const [rows = 1, columns = 1] = shape;
    const sizes =
      how.kind === 'low-rank'
        ? { a: [how.rank, columns], b: [rows, how.rank] }
        : { a: [rows, how.rank], b: [columns, how.rank] };
    for (const [factor, size] of Object.entries(sizes)) {
      const name = factorNames[factor as 'a' | 'b'](tensor);
      parameters.set(name, { data: noiseValues(name, size[0]! * size[1]!).map((x) => x / 4), shape: size });
    }
  }
  return { trained, parameters };
}

/** The weights that the parameters stand for, in double precision. */
function merged(
  { reference }: Case,
  { trained }: Trained,
  parameters: ReadonlyMap<string, { data: ArrayLike<number>; shape: readonly number[] }>,
): ScalarWeights {
  const weights = new Map<string, { data: ArrayLike<number>; shape: readonly number[] }>();
  for (const [tensor, shape] of reference.tensors) {
    const how = trained.get(tensor);
    if (how?.kind === 'full') weights.set(tensor, parameters.get(tensor)!);
    else {
      const data = Float64Array.from(weight(tensor, shape));
      if (how !== undefined)
        addProduct(
          data,
          shape,
          parameters.get(factorNames.a(tensor))!.data,
          parameters.get(factorNames.b(tensor))!.data,
          how,
        );
      weights.set(tensor, { data, shape });
    }
  }
  return weights;
}

function addProduct(
  data: Float64Array,
  [rows = 1, columns = 1]: readonly number[],
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  how: Exclude<TrainedTensor, { kind: 'full' }>,
): void {
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let k = 0; k < how.rank; k++) {
        const product =
          how.kind === 'low-rank'
            ? b[row * how.rank + k]! * a[k * columns + column]!
            : a[row * how.rank + k]! * b[column * how.rank + k]!;
        data[row * columns + column]! += how.scale * product;
      }
    }
  }
}

/**
 * Compares, for each parameter, the gradient along a random direction with the difference quotient in double precision of
 * a random linear function of the result.
 */
async function check(given: Case, choice: Choice): Promise<void> {
  const { reference, lengths, result, selection } = given;
  const network = given.dimension === undefined ? given.network : embedding(reference, 'mean', given.dimension);
  const chosen = choose(given, choice);
  const vocabulary = Number(reference.config['vocab_size']);
  const total = lengths.reduce((a, b) => a + b, 0);
  const types = Int32Array.from(noise('types', total), (x) => x % 2);
  const input: ScalarInput = {
    ids: tokenIds(total, vocabulary),
    lengths,
    types: reference.config['type_vocab_size'] === 2 ? types : new Int32Array(total),
    ...(selection === undefined ? {} : { selected: [...selection.rows] }),
  };
  const scalar = (parameters: Parameters<typeof merged>[2]): number => {
    const rows = runScalar(network, merged(given, chosen, parameters), input, result);
    if (selection !== undefined) return crossEntropy(rows, selection);
    const factors = noiseValues('seed', rows.length * rows[0]!.length);
    return rows.flat().reduce((sum, value, index) => sum + value * factors[index]!, 0);
  };
  const run = await runGradient(network, result, chosen, reference, input, selection);
  if (selection !== undefined) {
    const loss = scalar(chosen.parameters);
    assert.ok(Math.abs(run.result.data[0]! - loss) < 1e-4 * loss, `${run.result.data[0]}, not ${loss}`);
  }
  const gradients = gathered(run, chosen.parameters, input);
  const problems: string[] = [];
  for (const [group, names] of groups(chosen.parameters.keys())) {
    const direction = new Map(
      names.map((name) => [name, noiseValues(`direction ${name}`, gradients.get(name)!.length)]),
    );
    const moved = (step: number): number => {
      const parameters = new Map<string, { data: ArrayLike<number>; shape: readonly number[] }>(chosen.parameters);
      for (const [name, steps] of direction) {
        const { data, shape } = chosen.parameters.get(name)!;
        parameters.set(name, { data: Float64Array.from(data, (value, i) => value + step * steps[i]!), shape });
      }
      return scalar(parameters);
    };
    const step = 1e-5;
    const expected = (moved(step) - moved(-step)) / (2 * step);
    const along = names.reduce((sum, name) => sum + dot(gradients.get(name)!, direction.get(name)!), 0);
    // The length of the gradient says how large a sum of this many signed terms may be by chance.
    const size = Math.hypot(...names.map((name) => Math.hypot(...gradients.get(name)!))) / 2;
    const tolerance = 1e-4 * Math.max(Math.abs(expected), size) + 1e-6;
    if (!(Math.abs(along - expected) <= tolerance)) problems.push(`${group}: ${along}, not ${expected}`);
  }
  assert.deepEqual(problems, []);
  assert.ok(chosen.parameters.size > 1);
}

function crossEntropy(rows: readonly (readonly number[])[], { targets, share }: Selection): number {
  return rows.reduce((sum, row, index) => {
    const total = row.reduce((exponentials, logit) => exponentials + Math.exp(logit), 0);
    return sum + share * (Math.log(total) - row[targets[index]!]!);
  }, 0);
}

/** The same tensor of all layers makes one group, which saves most of the forward runs. */
function groups(names: Iterable<string>): Map<string, string[]> {
  return Map.groupBy(names, (name) => name.replace(/\d+/, '*'));
}

function dot(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
