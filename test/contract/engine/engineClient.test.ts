import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { defaultEngineSettings, type WorkspaceRoot } from '../../../src/shared/protocol.ts';
import type { SearchRequest } from '../../../src/shared/search.ts';
import { fakeEngine } from '../../support/engineHarness.ts';
import { waitFor } from '../../support/waitFor.ts';

const query = (text: string): SearchRequest => ({ query: text, mode: 'hybrid', limit: 10, filters: {} });
const root: WorkspaceRoot = { uri: 'file:///w', path: '/w', name: 'w' };

describe('cancellation', () => {
  test('rejects at once with the reason, and the engine is told to stop', async (t) => {
    const { client, notes } = await fakeEngine(t, 'good');
    await client.request('search', query('warm'));
    const abort = new AbortController();
    const reason = new Error('typed on');
    const answer = client.request('search', query('wait'), abort.signal);
    setTimeout(() => abort.abort(reason), 50);
    await assert.rejects(answer, (error) => error === reason);
    await waitFor('the engine to stop', async () => (await notes()).includes('cancelled'));
  });

  test('a request cancelled before it was sent never reaches the engine', async (t) => {
    const { client, notes } = await fakeEngine(t, 'good');
    await assert.rejects(client.request('search', query('wait'), AbortSignal.abort()), { name: 'AbortError' });
    assert.deepEqual(await notes(), []);
  });

  test('waiting for an engine that starts can be cancelled', async (t) => {
    const { client } = await fakeEngine(t, 'silent');
    await assert.rejects(client.request('search', query('a'), AbortSignal.timeout(100)), { name: 'TimeoutError' });
  });
});

describe('errors', () => {
  test('the engine’s errors arrive with code, message and hint', async (t) => {
    const { client } = await fakeEngine(t, 'good');
    await assert.rejects(client.request('search', query('fail')), {
      name: 'SextantError',
      code: 'index_missing',
      message: 'No index.',
      hint: 'Make one.',
    });
  });

  test('a request that the engine does not know is a mismatch of versions', async (t) => {
    const { client } = await fakeEngine(t, 'good');
    await assert.rejects(client.request('diagnostics', {}), { code: 'protocol_mismatch' });
  });
});

describe('state', () => {
  test('a fresh engine gets settings, roots and pause of now', async (t) => {
    const { client } = await fakeEngine(t, 'good');
    await client.setRoots([root]);
    await client.setSettings({ ...defaultEngineSettings, threads: 3 });
    await client.setPaused(true);
    assert.equal((await client.request('search', query('a'))).notice, 'settings 3, roots 1, paused true');
    const again = await client.request('search', query('crash once'));
    assert.equal(again.notice, 'settings 3, roots 1, paused true');
  });

  test('changes while an engine starts reach it once it runs', async (t) => {
    const { client } = await fakeEngine(t, 'good');
    await client.setRoots([root]);
    let changed = false;
    const unsubscribe = client.onStatus(() => {
      // The roots are open, and the engine does not run yet.
      if (changed || client.state.kind === 'running') return;
      changed = true;
      void client.setSettings({ ...defaultEngineSettings, threads: 7 });
      void client.setRoots([root, { ...root, uri: 'file:///v' }]);
    });
    await client.request('search', query('a'));
    unsubscribe();
    assert.ok(changed);
    await waitFor('what changed', async () => {
      const { notice } = await client.request('search', query('a'));
      return notice === 'settings 7, roots 2, paused false';
    });
  });

  test('changes reach a running engine', async (t) => {
    const { client } = await fakeEngine(t, 'good');
    await client.request('search', query('a'));
    await client.setSettings({ ...defaultEngineSettings, threads: 5 });
    await client.setRoots([root, { ...root, uri: 'file:///v' }]);
    assert.equal((await client.request('search', query('a'))).notice, 'settings 5, roots 2, paused false');
    assert.equal(client.status?.roots.length, 2);
  });

  test('facts told to an engine that does not run start none', async (t) => {
    const { client, notes } = await fakeEngine(t, 'good');
    await client.tell('filesChanged', { paths: ['/w/a.ts'] });
    await client.setRoots([root]);
    await client.setSettings(defaultEngineSettings);
    assert.deepEqual(await notes(), []);
  });

  test('status follows the engine and is forgotten with it', async (t) => {
    const { client } = await fakeEngine(t, 'good');
    const seen: (boolean | undefined)[] = [];
    const unsubscribe = client.onStatus((status) => seen.push(status?.paused));
    await client.setRoots([root]);
    await client.setPaused(true);
    await waitFor('the notification', () => client.status?.paused);
    unsubscribe();
    await client.dispose();
    assert.deepEqual(seen, [false, true]);
    assert.equal(client.status, null);
  });

  test('roots that cannot be opened show as broken', async (t) => {
    const { client } = await fakeEngine(t, 'rootless');
    await client.setRoots([root]);
    await client.request('search', query('a'));
    const [broken] = client.status?.roots ?? [];
    assert.equal(broken?.phase, 'error');
    assert.deepEqual(broken.error, { code: 'internal', message: 'cannot open' });
  });

  test('log lines of the engine come through as they are', async (t) => {
    const { client, log } = await fakeEngine(t, 'good');
    await client.request('search', query('a'));
    assert.deepEqual(log[0], { level: 'info', message: 'fake engine', data: { behaviour: 'good' } });
  });
});
