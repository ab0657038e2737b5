import assert from 'node:assert/strict';
import test from 'node:test';
import { BatchBudget } from '../../../src/engine/runtime/cuda/batchBudget.ts';
import { splitByTokens } from '../../../src/engine/runtime/cuda/splitInput.ts';

test('splitting keeps every sequence whole, in order, and within the limit where it can', () => {
  const lengths = [5, 1, 7, 30, 2, 2, 9];
  const cuSeqlens = Int32Array.from([0, ...lengths.map((_, i) => lengths.slice(0, i + 1).reduce((a, b) => a + b, 0))]);
  const ids = Int32Array.from({ length: cuSeqlens.at(-1)! }, (_, i) => i);
  for (const limit of [1, 4, 10, 13, 56, 100]) {
    const parts = splitByTokens({ ids, cuSeqlens, types: ids.slice() }, limit);
    assert.deepEqual([...parts.flatMap((part) => [...part.ids])], [...ids]);
    assert.deepEqual(
      parts.flatMap((part) => Array.from(part.cuSeqlens.slice(1), (end, i) => end - part.cuSeqlens[i]!)),
      lengths,
    );
    for (const part of parts) {
      assert.equal(part.cuSeqlens[0], 0);
      assert.equal(part.types?.length, part.ids.length);
      assert.ok(part.ids.length <= limit || part.cuSeqlens.length === 2, `${part.ids.length} tokens for ${limit}`);
    }
  }
});

test('batches grow until they take a blink, shrink when they take longer, and never again fill the memory', () => {
  const budget = new BatchBudget();
  for (let i = 0; i < 10; i++) budget.measured(budget.tokens, 1);
  const most = budget.tokens;
  assert.ok(most >= 32_768);
  budget.measured(100, 1000);
  assert.equal(budget.tokens, most, 'a small batch says nothing');
  budget.measured(most, 4 * 40);
  assert.equal(budget.tokens, most / 2);
  budget.tooMuch(16_000);
  for (let i = 0; i < 10; i++) budget.measured(budget.tokens, 1);
  assert.equal(budget.tokens, 8000);
});
