import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Throttle } from '../../../src/extension/views/throttle.ts';

test('runs at once, then at most once a period, and never loses the last call', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let runs = 0;
  const throttle = new Throttle(() => (runs += 1), 100);
  for (let call = 0; call < 10; call += 1) throttle.call();
  assert.equal(runs, 1);
  t.mock.timers.tick(100);
  assert.equal(runs, 2);
  t.mock.timers.tick(1_000);
  assert.equal(runs, 2, 'nothing was asked for since');
  throttle.call();
  assert.equal(runs, 3);
});

test('is silent after dispose', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let runs = 0;
  const throttle = new Throttle(() => (runs += 1), 100);
  throttle.call();
  throttle.call();
  throttle.dispose();
  t.mock.timers.tick(1_000);
  assert.equal(runs, 1);
});
