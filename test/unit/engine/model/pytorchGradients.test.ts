import assert from 'node:assert/strict';
import test from 'node:test';
import { describeNetwork } from '../../../../src/engine/model/describeNetwork.ts';
import { parseModelConfig } from '../../../../src/engine/model/modelConfig.ts';
import { firstTokenOnly } from '../../../../src/engine/model/firstTokenOnly.ts';
import { withEmbeddingHead } from '../../../../src/engine/model/network.ts';
import {
  noiseValues,
  referenceGradients,
  referenceModel,
  tokenIds,
  weight,
  type ReferenceModel,
} from '../runtime/referenceModel.ts';
import { gathered, runGradient } from './runGradient.ts';

test('gradients of packs are those of PyTorch, one sequence at a time', async (t) => {
  for (const [name, expected] of Object.entries(referenceGradients())) {
    await t.test(name, async () => {
      const reference = bareEncoder(referenceModel(name));
      const shapes = new Map(reference.tensors);
      const encoder = describeNetwork(parseModelConfig(reference.config), (tensor) => shapes.get(tensor));
      const network = withEmbeddingHead(encoder, expected.pooling, encoder.hiddenSize);
      const { lengths } = expected;
      const ids = lengths.flatMap((length) => [...tokenIds(length, encoder.vocabularySize)]);
      const input = { ids, lengths, types: new Int32Array(ids.length) };
      const tensors = reference.tensors.filter(([tensor]) => network.weights.has(tensor));
      const parameters = new Map(tensors.map(([tensor, shape]) => [tensor, { data: weight(tensor, shape), shape }]));
      const trained = new Map(tensors.map(([tensor]) => [tensor, { kind: 'full' } as const]));
      for (const variant of [network, firstTokenOnly(network)]) {
        const run = await runGradient(variant, network.embedding, { trained, parameters }, reference, input);
        for (const [tensor, gradient] of gathered(run, parameters, input)) {
          const [length, along] = expected.gradients[tensor]!;
          const direction = noiseValues(`direction ${tensor}`, gradient.length);
          const actual = gradient.reduce((sum, value, index) => sum + value * direction[index]!, 0);
          assert.ok(Math.abs(Math.hypot(...gradient) - length) <= 1e-4 * length + 1e-6, `${tensor}: length`);
          assert.ok(
            Math.abs(actual - along) <= 1e-4 * Math.max(length, Math.abs(along)) + 1e-6,
            `${tensor}: direction`,
          );
        }
      }
    });
  }
});

/** The model without its head, whose tensors have names of their own in PyTorch. */
function bareEncoder({ config, tensors }: ReferenceModel): Pick<ReferenceModel, 'config' | 'tensors'> {
  const prefix = 'model.';
  if (!tensors.some(([tensor]) => tensor.startsWith(prefix))) return { config, tensors };
  const bare = tensors.filter(([tensor]) => tensor.startsWith(prefix));
  return { config, tensors: bare.map(([tensor, shape]) => [tensor.slice(prefix.length), shape] as const) };
}
