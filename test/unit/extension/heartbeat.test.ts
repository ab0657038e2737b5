import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keepHeartbeat } from '../../../src/extension/engine/heartbeat.ts';

const until = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error));
  });

test('pings as long as they are answered', async () => {
  const stop = new AbortController();
  let pings = 0;
  const ping = (): Promise<void> => {
    pings += 1;
    if (pings === 3) stop.abort();
    return Promise.resolve();
  };
  let hangs = 0;
  await keepHeartbeat(ping, () => (hangs += 1), { intervalMs: 1, timeoutMs: 1_000 }, stop.signal);
  assert.deepEqual([pings, hangs], [3, 0]);
});

test('a ping without an answer is a hang, once', async (t) => {
  // Real timers of AbortSignal.timeout do not keep the process alive.
  const alive = setInterval(() => undefined, 10);
  t.after(() => clearInterval(alive));
  let hangs = 0;
  await keepHeartbeat(until, () => (hangs += 1), { intervalMs: 1, timeoutMs: 30 }, new AbortController().signal);
  assert.equal(hangs, 1);
});

test('an engine that ends is no hang', async () => {
  let hangs = 0;
  const ping = (): Promise<never> => Promise.reject(new Error('gone'));
  await keepHeartbeat(ping, () => (hangs += 1), { intervalMs: 1, timeoutMs: 1_000 }, new AbortController().signal);
  assert.equal(hangs, 0);
});
