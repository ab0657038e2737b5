import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RememberingEncoder } from '../../../../../src/engine/finetune/evaluate/rememberingEncoder.ts';
import { FakeEncoder, fakeVector } from '../../../../support/fakeEncoder.ts';

test('a text is encoded once, and each gets its own vector', async () => {
  const fake = new FakeEncoder();
  const encoder = new RememberingEncoder(fake);
  await encoder.embed(['a', 'b', 'a'], 'document');
  const { embeddings } = await encoder.embed(['c', 'b', 'c', 'a'], 'document');
  assert.deepEqual(
    embeddings,
    ['c', 'b', 'c', 'a'].map((text) => fakeVector(text, fake.dimension)),
  );
  assert.deepEqual(fake.embedded, ['a', 'b', 'c']);
});
