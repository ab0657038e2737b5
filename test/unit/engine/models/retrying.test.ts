import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HubError, retryAfter } from '../../../../src/engine/models/hubErrors.ts';
import { retrying } from '../../../../src/engine/models/retrying.ts';

const timing = { attempts: 3, firstDelayMs: 1, longestDelayMs: 4, longestRetryAfterMs: 50 };
const broken = (retryAfterMs?: number): HubError =>
  new HubError('network', 'cut', { retryable: true, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });

test('only failures in a row count', async () => {
  let calls = 0;
  const work = (progressed: () => void): Promise<string> => {
    if (++calls === 9) return Promise.resolve('done');
    if (calls % 2 === 0) progressed();
    return Promise.reject(broken());
  };
  assert.equal(await retrying(work, { timing }), 'done');
  calls = 100;
  await assert.rejects(
    retrying(() => Promise.reject(broken()), { timing }),
    { code: 'network' },
  );
});

test('pauses double up to a limit, and last as long as the hub asks', async () => {
  const delays: number[] = [];
  let calls = 0;
  const work = (): Promise<number> =>
    ++calls > 4 ? Promise.resolve(1) : Promise.reject(broken(calls === 4 ? 7 : undefined));
  await retrying(work, { timing: { ...timing, attempts: 9 }, onWait: (_error, delay) => delays.push(delay) });
  assert.deepEqual(delays, [1, 2, 4, 7]);
});

test('what cannot get better, or would take too long, fails at once', async () => {
  let calls = 0;
  const fail = (error: Error) => (): Promise<never> => {
    calls++;
    return Promise.reject(error);
  };
  await assert.rejects(retrying(fail(new HubError('not_found', 'gone')), { timing }), { code: 'not_found' });
  await assert.rejects(retrying(fail(broken(1000)), { timing }), { code: 'network' });
  await assert.rejects(retrying(fail(new TypeError('a bug')), { timing }), TypeError);
  assert.equal(calls, 3);
});

test('cancelling ends a pause', async () => {
  const abort = new AbortController();
  const slow = { ...timing, firstDelayMs: 60_000, longestDelayMs: 60_000 };
  const waiting = retrying(() => Promise.reject(broken()), { timing: slow, signal: abort.signal });
  setTimeout(() => abort.abort(), 5);
  await assert.rejects(waiting, { name: 'AbortError' });
});

test('Retry-After is seconds or a date', () => {
  assert.equal(retryAfter('12'), 12_000);
  assert.equal(retryAfter('Wed, 21 Oct 2015 07:28:10 GMT', Date.parse('Wed, 21 Oct 2015 07:28:00 GMT')), 10_000);
  assert.equal(retryAfter('Wed, 21 Oct 2015 07:28:00 GMT'), 0);
  assert.equal(retryAfter('soon'), undefined);
  assert.equal(retryAfter(undefined), undefined);
});
