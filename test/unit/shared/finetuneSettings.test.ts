import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultFinetuneSettings, smallModelSettings, withMethod } from '../../../src/shared/finetune.ts';

test('rates follow the method, and what was chosen for the model comes back with its method', () => {
  const lora = withMethod(smallModelSettings, 'lora', smallModelSettings);
  assert.deepEqual([lora.method, lora.learningRate, lora.tableRate], ['lora', 2e-4, 1]);
  assert.deepEqual(withMethod(lora, 'full', smallModelSettings), smallModelSettings);
  const full = withMethod(defaultFinetuneSettings, 'full', defaultFinetuneSettings);
  assert.deepEqual([full.method, full.learningRate, full.tableRate], ['full', 2e-5, 1]);
});
