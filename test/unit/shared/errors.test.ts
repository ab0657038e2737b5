import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deserializeError, isCancellation, SextantError, serializeError } from '../../../src/shared/errors.ts';

test('our errors survive the way over a link', () => {
  for (const options of [{}, { hint: 'Do this.' }]) {
    const error = new SextantError('disk_full', 'No space.', options);
    const arrived = deserializeError(JSON.parse(JSON.stringify(serializeError(error))));
    assert.deepEqual([arrived.code, arrived.message, arrived.hint], [error.code, error.message, error.hint]);
  }
});

test('foreign errors become internal, aborts become cancelled', () => {
  assert.deepEqual(serializeError(new TypeError('x')), { code: 'internal', message: 'x' });
  assert.deepEqual(serializeError('x'), { code: 'internal', message: 'x' });
  assert.equal(serializeError(AbortSignal.abort().reason).code, 'cancelled');
});

test('what another version sends is never trusted', () => {
  assert.equal(deserializeError({ code: 'brand_new', message: 'm' }).code, 'internal');
  assert.equal(deserializeError(null).code, 'internal');
  assert.equal(deserializeError({ code: 'disk_full', message: 3, hint: 4 }).hint, undefined);
});

test('a time-out is a failure, not a cancellation', async () => {
  const alive = setTimeout(() => undefined, 1_000);
  const signal = AbortSignal.timeout(1);
  await new Promise((resolve) => signal.addEventListener('abort', resolve));
  clearTimeout(alive);
  assert.equal(isCancellation(signal.reason), false);
  assert.equal(isCancellation(new SextantError('cancelled', 'c')), true);
});
