import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { blendModels } from '../../../../src/engine/finetune/blendModels.ts';
import { readModelFolder, weightsName } from '../../../../src/engine/model/modelFolder.ts';
import { TensorValues } from '../../../../src/engine/model/tensorValues.ts';
import { embeddedModelDirectory } from '../../../../src/engine/paths.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const tensor = 'layers.0.attn.Wo.weight';

/** A copy of the embedded model with one value of one tensor changed. */
async function changedModel(folder: string, value: number): Promise<void> {
  fs.cpSync(embeddedModelDirectory, folder, { recursive: true });
  fs.rmSync(path.join(folder, 'sextant.json'));
  fs.writeFileSync(
    path.join(folder, 'sextant.json'),
    JSON.stringify({ name: 'changed', pooling: 'cls', prefixes: { query: '', document: '' } }),
  );
  const { weights } = await readModelFolder(folder);
  const name = [...weights.tensors.keys()].find((key) => key.endsWith(tensor))!;
  const { offset } = weights.tensors.get(name)!;
  const file = path.join(folder, weightsName);
  const bytes = fs.readFileSync(file);
  new Float16Array(bytes.buffer, bytes.byteOffset + offset, 1)[0] = value;
  fs.writeFileSync(file, bytes);
}

async function firstValues(folder: string): Promise<number[]> {
  const { weights, weightsRoot } = await readModelFolder(folder);
  using values = new TensorValues(weightsRoot, weightsName);
  const [, info] = [...weights.tensors].find(([key]) => key.endsWith(tensor))!;
  return [...values.read(info, 0, 2)];
}

test('a blend lies between its models and loads like any other', async (context) => {
  const folder = temporaryFolder(context);
  const tuned = path.join(folder, 'tuned');
  const blend = path.join(folder, 'blend');
  await changedModel(tuned, 2);
  const [before, untouched] = await firstValues(embeddedModelDirectory);
  await blendModels(embeddedModelDirectory, tuned, blend, 0.25);
  const [value, same] = await firstValues(blend);
  assert.ok(Math.abs(value! - (before! + 0.25 * (2 - before!))) < 1e-3);
  assert.equal(same, untouched);
  assert.deepEqual(fs.readdirSync(folder).sort(), ['blend', 'tuned']);
});
