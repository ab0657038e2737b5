import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultRestartPolicy, RestartPolicy } from '../../../src/extension/engine/restartPolicy.ts';

test('delays double, and the fifth crash in three minutes is the last', () => {
  const policy = new RestartPolicy();
  assert.deepEqual(
    [0, 1, 2, 3, 4].map((second) => policy.crashed(second * 1000)),
    [250, 500, 1000, 2000, undefined],
  );
});

test('crashes older than the window are forgotten', () => {
  const policy = new RestartPolicy();
  for (const minute of [0, 1, 2, 3, 4, 5, 6]) {
    assert.notEqual(policy.crashed(minute * 60_000), undefined, `one a minute goes on (minute ${minute})`);
  }
});

test('the delay never passes its maximum', () => {
  const policy = new RestartPolicy({ ...defaultRestartPolicy, maxCrashes: 50, maxDelayMs: 3_000 });
  const delays = Array.from({ length: 20 }, () => policy.crashed(0)!);
  assert.equal(Math.max(...delays), 3_000);
});

test('a reset starts from nothing', () => {
  const policy = new RestartPolicy();
  for (let crash = 0; crash < 4; crash += 1) policy.crashed(0);
  policy.reset();
  assert.equal(policy.crashed(0), 250);
});
