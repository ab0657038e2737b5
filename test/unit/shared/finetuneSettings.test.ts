import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  defaultFinetuneSettings,
  finetuneRequests,
  formatMatryoshka,
  parseMatryoshka,
  smallModelSettings,
  withMethod,
} from '../../../src/shared/finetune.ts';

test('rates follow the method, and what was chosen for the model comes back with its method', () => {
  const lora = withMethod(smallModelSettings, 'lora', smallModelSettings);
  assert.deepEqual([lora.method, lora.learningRate, lora.tableRate], ['lora', 2e-4, 1]);
  assert.deepEqual(withMethod(lora, 'full', smallModelSettings), smallModelSettings);
  const full = withMethod(defaultFinetuneSettings, 'full', defaultFinetuneSettings);
  assert.deepEqual([full.method, full.learningRate, full.tableRate], ['full', 2e-5, 1]);
});

test('settings that a request leaves out are not made up', () => {
  const request = { id: 'run', settings: { epochs: 2 } };
  assert.deepEqual(finetuneRequests.finetuneStart.parse(request), request);
});

test('Matryoshka dimensions are read with and without weights, and written as they were', () => {
  assert.deepEqual(parseMatryoshka('128, 64'), [
    { dimension: 128, weight: 1 },
    { dimension: 64, weight: 1 },
  ]);
  assert.deepEqual(parseMatryoshka('128:0.5'), [{ dimension: 128, weight: 0.5 }]);
  assert.deepEqual(parseMatryoshka(' '), []);
  for (const wrong of ['128;64', '128:', 'x', '0', '128:0', '1.5', '128,,64', '99999']) {
    assert.equal(parseMatryoshka(wrong), undefined, wrong);
  }
  assert.equal(formatMatryoshka(parseMatryoshka('128,64:0.25')!), '128, 64:0.25');
});
