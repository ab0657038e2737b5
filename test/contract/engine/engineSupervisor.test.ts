import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SextantError } from '../../../src/shared/errors.ts';
import type { SearchRequest } from '../../../src/shared/search.ts';
import { fakeEngine, isAlive, type Harness } from '../../support/engineHarness.ts';
import { waitFor } from '../../support/waitFor.ts';

const query = (text: string): SearchRequest => ({ query: text, mode: 'hybrid', limit: 10, filters: {} });
const kinds = ({ states }: Harness): string[] => states.map(({ kind }) => kind);
const starts = async ({ notes }: Harness): Promise<number[]> =>
  (await notes()).filter((line) => line.startsWith('start ')).map((line) => Number(line.slice(6)));

describe('start', () => {
  test('no process exists before the first request', async (t) => {
    const harness = await fakeEngine(t, 'good');
    assert.deepEqual(await starts(harness), []);
    assert.equal(harness.client.state.kind, 'stopped');
    await harness.client.request('search', query('a'));
    assert.deepEqual(kinds(harness), ['starting', 'running']);
    assert.equal((await starts(harness)).length, 1);
  });

  test('requests made at once share one process', async (t) => {
    const harness = await fakeEngine(t, 'good');
    const answers = await Promise.all(['a', 'b', 'c'].map((text) => harness.client.request('search', query(text))));
    assert.deepEqual(
      answers.map((answer) => answer.query),
      ['a', 'b', 'c'],
    );
    assert.equal((await starts(harness)).length, 1);
  });

  test('another protocol version is refused without a restart', async (t) => {
    const harness = await fakeEngine(t, 'newer');
    await assert.rejects(harness.client.request('search', query('a')), { code: 'protocol_mismatch' });
    assert.deepEqual(kinds(harness), ['starting', 'failed']);
    const [pid] = await starts(harness);
    assert.equal(isAlive(pid!), false);
  });

  test('an answer to the handshake that is none is a mismatch too', async (t) => {
    const { client } = await fakeEngine(t, 'nonsense');
    await assert.rejects(client.request('search', query('a')), { code: 'protocol_mismatch' });
  });

  test('an error that a restart cannot cure is reported as it is', async (t) => {
    const harness = await fakeEngine(t, 'refuses');
    await assert.rejects(harness.client.request('search', query('a')), { code: 'disk_full', hint: 'Make some.' });
    assert.deepEqual(kinds(harness), ['starting', 'failed']);
  });

  test('an engine that never answers the handshake is ended and given up', async (t) => {
    const harness = await fakeEngine(t, 'silent', {
      handshakeTimeoutMs: 1_500,
      restartPolicy: { maxCrashes: 2, windowMs: 60_000, firstDelayMs: 1, maxDelayMs: 1 },
    });
    await assert.rejects(harness.client.request('search', query('a')), {
      code: 'engine_unavailable',
      message: 'The engine did not start within 1.5 s. It stopped too often and was not started again.',
    });
    for (const pid of await starts(harness)) assert.equal(isAlive(pid), false);
  });

  test('garbage on the channel and on stdout does no harm', async (t) => {
    const harness = await fakeEngine(t, 'garbage');
    assert.equal((await harness.client.request('search', query('still here'))).query, 'still here');
    assert.deepEqual(kinds(harness), ['starting', 'running']);
    assert.ok(
      harness.log.some(({ level }) => level === 'error'),
      'garbage is logged',
    );
    await waitFor('stdout in the log', () => harness.log.some(({ message }) => message.includes('noise on stdout')));
  });

  test('roots that cannot be opened leave an engine that answers', async (t) => {
    const harness = await fakeEngine(t, 'rootless');
    assert.equal((await harness.client.request('search', query('a'))).query, 'a');
    assert.ok(harness.log.some(({ message }) => message.includes('cannot open')));
  });
});

describe('crashes', () => {
  test('the engine comes back after crashes and the waiting request is answered', async (t) => {
    const harness = await fakeEngine(t, 'crash3');
    assert.equal((await harness.client.request('search', query('a'))).query, 'a');
    assert.equal((await starts(harness)).length, 4);
    assert.deepEqual(
      harness.states.filter((state) => state.kind === 'restarting').map(({ delayMs }) => delayMs),
      [1, 2, 4],
    );
  });

  test('gives up after five crashes, and says why', async (t) => {
    const harness = await fakeEngine(t, 'crash99');
    const error: unknown = await harness.client.request('search', query('a')).catch((reason: unknown) => reason);
    assert.ok(error instanceof SextantError);
    assert.equal(error.code, 'engine_unavailable');
    assert.equal(error.message, 'The engine exited with code 3. It stopped too often and was not started again.');
    assert.equal(error.cause, 'cannot load the model');
    assert.equal((await starts(harness)).length, 5);
    assert.equal(harness.client.state.kind, 'failed');
    await assert.rejects(harness.client.request('status', {}), { code: 'engine_unavailable' });
    assert.equal((await starts(harness)).length, 5, 'a later request does not start it again');
  });

  test('a restart by the user forgets the crashes', async (t) => {
    const harness = await fakeEngine(t, 'crash5');
    await assert.rejects(harness.client.request('search', query('a')), { code: 'engine_unavailable' });
    await harness.client.restart();
    assert.equal((await harness.client.request('search', query('b'))).query, 'b');
    assert.equal((await starts(harness)).length, 6);
  });

  test('restarts asked for at the same time start one engine', async (t) => {
    const harness = await fakeEngine(t, 'good');
    await harness.client.request('search', query('a'));
    await Promise.all([harness.client.restart(), harness.client.restart(), harness.client.restart()]);
    await harness.client.request('search', query('b'));
    const pids = await starts(harness);
    assert.equal(pids.length, 2);
    assert.deepEqual(pids.map(isAlive), [false, true]);
  });

  test('a question asked when the engine dies is asked again, once', async (t) => {
    const harness = await fakeEngine(t, 'good');
    assert.equal((await harness.client.request('search', query('crash once'))).query, 'crash once');
    await assert.rejects(harness.client.request('search', query('crash')), { code: 'engine_unavailable' });
    assert.equal((await starts(harness)).length, 3);
  });

  test('kill -9 from outside is a crash like any other', async (t) => {
    const harness = await fakeEngine(t, 'good');
    await harness.client.request('search', query('a'));
    const [pid] = await starts(harness);
    process.kill(pid!, 'SIGKILL');
    await waitFor('a new engine', () => harness.client.state.kind === 'running' && harness.client.state.pid !== pid);
    assert.ok(harness.states.some((state) => state.kind === 'restarting' && /SIGKILL/.test(state.error.message)));
  });
});

describe('hangs', () => {
  const heartbeat = { intervalMs: 50, timeoutMs: 2500 };

  test('an engine whose main thread is stuck is ended and replaced', async (t) => {
    const harness = await fakeEngine(t, 'good', { heartbeat });
    await harness.client.request('search', query('a'));
    const [pid] = await starts(harness);
    await assert.rejects(harness.client.request('search', query('hang')), { code: 'engine_unavailable' });
    assert.equal(isAlive(pid!), false);
    assert.ok(
      harness.states.some((state) => state.kind === 'restarting' && /stopped answering/.test(state.error.message)),
    );
  });

  test('an engine that ignores pings is given up in the end', async (t) => {
    const harness = await fakeEngine(t, 'deaf', { heartbeat });
    await harness.client.request('search', query('a'));
    await waitFor('giving up', () => harness.client.state.kind === 'failed', 90_000);
    assert.equal((await starts(harness)).length, 5);
  });
});

describe('the end', () => {
  test('dispose asks politely first', async (t) => {
    const harness = await fakeEngine(t, 'good', { shutdownTimeoutMs: 20_000 });
    await harness.client.request('search', query('a'));
    const [pid] = await starts(harness);
    await harness.client.dispose();
    assert.equal(isAlive(pid!), false);
    assert.ok((await harness.notes()).includes('shutdown'));
  });

  test('an engine that will not go is killed', async (t) => {
    const harness = await fakeEngine(t, 'stubborn', { shutdownTimeoutMs: 300 });
    await harness.client.request('search', query('a'));
    const [pid] = await starts(harness);
    await harness.client.dispose();
    assert.equal(isAlive(pid!), false);
  });

  test('dispose ends waiting and later requests', async (t) => {
    const harness = await fakeEngine(t, 'silent');
    const waiting = harness.client.request('search', query('a'));
    const rejected = assert.rejects(waiting, { code: 'engine_unavailable' });
    await waitFor('the process', async () => (await starts(harness)).length === 1);
    await harness.client.dispose();
    await rejected;
    await assert.rejects(harness.client.request('search', query('b')), { code: 'engine_unavailable' });
    for (const pid of await starts(harness)) assert.equal(isAlive(pid), false);
  });

  test('dispose during a back-off leaves no process', async (t) => {
    const harness = await fakeEngine(t, 'crash99', {
      restartPolicy: { maxCrashes: 5, windowMs: 60_000, firstDelayMs: 60_000, maxDelayMs: 60_000 },
    });
    harness.client.start();
    await waitFor('the back-off', () => harness.client.state.kind === 'restarting');
    await harness.client.dispose();
    assert.equal((await starts(harness)).length, 1);
    assert.equal(harness.client.state.kind, 'stopped');
  });
});
