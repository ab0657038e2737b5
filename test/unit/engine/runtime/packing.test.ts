import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { packByLength } from '../../../../src/engine/runtime/packing.ts';

const limits = { tokens: 512, spread: 0.15 };

test('every sequence is in one batch, no batch is beyond its budget, and lengths in a batch are alike', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2000 }), { maxLength: 200 }), (lengths) => {
      const batches = packByLength(lengths, limits);
      const all = batches.flatMap(({ indices }) => indices).sort((a, b) => a - b);
      assert.deepEqual(all, [...lengths.keys()]);
      for (const { indices, tokens, longest } of batches) {
        const own = indices.map((index) => lengths[index]!);
        assert.equal(
          tokens,
          own.reduce((a, b) => a + b, 0),
        );
        assert.equal(longest, Math.max(...own));
        assert.ok(tokens <= limits.tokens || own.length === 1);
        assert.ok(longest <= Math.max(48, Math.min(...own) * 1.15));
      }
    }),
    { seed: 1 },
  );
});

test('the longest come first, so that memory peaks at once', () => {
  const longest = packByLength([10, 400, 30, 200, 55], limits).map((batch) => batch.longest);
  assert.deepEqual(longest, [400, 200, 55, 30]);
});
