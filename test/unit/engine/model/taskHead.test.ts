import assert from 'node:assert/strict';
import path from 'node:path';
import test from 'node:test';
import { describeNetwork } from '../../../../src/engine/model/describeNetwork.ts';
import type { HeadTask } from '../../../../src/engine/model/headModules.ts';
import { parseModelConfig } from '../../../../src/engine/model/modelConfig.ts';
import { readSafetensorsHeader } from '../../../../src/engine/model/safetensors.ts';
import { withTaskHead } from '../../../../src/engine/model/taskHead.ts';
import { attentionWeights } from '../../../../src/engine/inspect/attentionWeights.ts';
import { lowerAttention } from '../../../../src/engine/runtime/onnx/lowerInspection.ts';
import { lowerNetwork } from '../../../../src/engine/runtime/onnx/lowerNetwork.ts';
import { OrtModel } from '../../../../src/engine/runtime/ortModel.ts';
import { SextantError } from '../../../../src/shared/errors.ts';
import { floats, referenceHeads, tokenIds, writeModelFolder } from '../runtime/referenceModel.ts';

const families = ['heads-modernbert', 'heads-bert', 'heads-roberta', 'heads-xlm-roberta', 'heads-distilbert'];
const file = 'model.safetensors';

test('logits of every head are those of transformers, alone and in a pack', async (t) => {
  for (const name of families) {
    const { config: json, heads } = referenceHeads(name);
    const config = parseModelConfig(json);
    for (const [task, { tensors: listed, cases }] of Object.entries(heads)) {
      await t.test(`${name}, ${task}`, async () => {
        using opened = writeModelFolder({ config: json, tensors: listed });
        const { tensors } = await readSafetensorsHeader(path.join(opened.folder, file));
        const shapes = (tensor: string): readonly number[] | undefined => tensors.get(tensor)?.shape;
        const network = withTaskHead(task as HeadTask, describeNetwork(config, shapes), config, shapes);
        const lowered = lowerNetwork(network, { file, tensors }, [network.logits]);
        const model = await OrtModel.open(lowered, { folder: opened.folder, threads: 1 });
        try {
          const expected = cases.map(({ logits }) => floats(logits));
          const single = [];
          for (const item of cases) single.push(...(await logitsOf(model, [item])));
          near(
            single,
            expected.flatMap((row) => [...row]),
          );
          near(
            await logitsOf(model, cases),
            expected.flatMap((row) => [...row]),
          );
        } finally {
          await model.dispose();
        }
      });
    }
  }
});

async function logitsOf(model: OrtModel, cases: readonly { length: number; typed: boolean }[]): Promise<number[]> {
  const ids = cases.flatMap(({ length }) => [...tokenIds(length, 97)]);
  const types = cases.flatMap(({ length, typed }) =>
    Array.from({ length }, (_, index) => (typed && index >= Math.floor(length / 2) ? 1 : 0)),
  );
  const cuSeqlens = new Int32Array(cases.length + 1);
  for (const [index, { length }] of cases.entries()) cuSeqlens[index + 1] = cuSeqlens[index]! + length;
  const [logits] = await model.run({ ids: Int32Array.from(ids), types: Int32Array.from(types), cuSeqlens });
  return [...logits!.data];
}

test('hidden states and attention weights are those of transformers', async (t) => {
  for (const name of families) {
    await t.test(name, async () => {
      const { config: json, tensors: listed, inspection } = referenceHeads(name);
      const { length, rows } = inspection;
      using opened = writeModelFolder({ config: json, tensors: listed });
      const { tensors } = await readSafetensorsHeader(path.join(opened.folder, file));
      const network = describeNetwork(parseModelConfig(json), (tensor) => tensors.get(tensor)?.shape);
      const input = { ids: tokenIds(length, 97), cuSeqlens: Int32Array.of(0, length) };
      const options = { folder: opened.folder, threads: 1 };
      const states = await OrtModel.open(lowerNetwork(network, { file, tensors }, network.hiddenStates), options);
      const values = await states.run(input);
      await states.dispose();
      for (const [layer, expected] of inspection.hidden.entries()) {
        const { data, columns } = values[layer]!;
        const means = Array.from({ length: columns }, (_, column) => {
          let sum = 0;
          for (let row = 0; row < length; row++) sum += data[row * columns + column]!;
          return sum / length;
        });
        near(means, [...floats(expected)]);
      }
      const attention = await OrtModel.open(lowerAttention(network, { file, tensors }), options);
      const grids = await attention.run(input);
      await attention.dispose();
      const operations = network.operations.filter((operation) => operation.kind === 'attention');
      for (const [layer, { heads, window }] of operations.entries()) {
        const { data } = attentionWeights(grids[layer]!.data, heads, length, window);
        const kept = Array.from({ length: heads }, (_, head) =>
          rows.map((row) => [...data.subarray((head * length + row) * length, (head * length + row + 1) * length)]),
        );
        near(kept.flat(2), [...floats(inspection.attention[layer]!)]);
      }
    });
  }
});

test('a head that a family or a file lacks is named', () => {
  const { config: json, tensors } = referenceHeads('heads-modernbert');
  const config = parseModelConfig(json);
  const known = new Map(tensors);
  const network = describeNetwork(config, (tensor) => known.get(tensor));
  for (const [task, message] of [
    ['nsp', /no head for nsp/],
    ['qa', /no usable head for qa: “head.dense.weight”/],
  ] as const) {
    assert.throws(
      () => withTaskHead(task, network, config, (tensor) => known.get(tensor)),
      (error) => error instanceof SextantError && error.code === 'model_invalid' && message.test(error.message),
    );
  }
});

function near(actual: readonly number[], expected: readonly number[]): void {
  assert.equal(actual.length, expected.length);
  const worst = actual.findIndex((value, index) => !(Math.abs(value - expected[index]!) <= 1e-4));
  assert.equal(worst, -1, `value ${worst} is ${actual[worst]}, expected ${expected[worst]}`);
}
