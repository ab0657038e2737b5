import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { ActiveModels } from '../../../../../src/engine/finetune/runs/activeModels.ts';
import { temporaryFolder } from '../../../../support/temporaryFolder.ts';

test('a fine-tuned model stands in for the model it was trained from, and for no other', (context) => {
  const folder = temporaryFolder(context);
  const model = path.join(folder, 'tuned');
  fs.mkdirSync(model);
  fs.writeFileSync(path.join(model, 'config.json'), '{}');
  const models = new ActiveModels(folder);
  models.set('/project/a', { run: 'r', model, replaces: '' });
  const again = new ActiveModels(folder);
  assert.equal(again.choose('', ['/project/b', '/project/a']), model);
  assert.equal(again.choose('', ['/project/b']), '');
  assert.equal(again.choose('/models/other', ['/project/a']), '/models/other');
  fs.rmSync(model, { recursive: true });
  assert.equal(again.choose('', ['/project/a']), '', 'a model that was removed is not asked for');
  again.remove('/project/a');
  assert.equal(models.of('/project/a'), undefined);
});

test('a damaged file costs the choice, nothing else', (context) => {
  const folder = temporaryFolder(context);
  fs.writeFileSync(path.join(folder, 'active.json'), '{"a":');
  assert.equal(new ActiveModels(folder).choose('x', ['/a']), 'x');
});
