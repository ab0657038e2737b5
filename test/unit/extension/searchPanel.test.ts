import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { SearchHistory } from '../../../src/extension/views/searchHistory.ts';
import { SearchPanel, type PanelHost, type PanelSettings } from '../../../src/extension/views/searchPanel.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import type { HostToPanel } from '../../../src/shared/panelProtocol.ts';
import type { EngineMethod, EngineParams, EngineResults } from '../../../src/shared/protocol.ts';
import type { SearchResponse } from '../../../src/shared/search.ts';
import { memoryStorage } from '../../support/memoryStorage.ts';

const location = { root: 'file:///w', path: 'src/a.ts', startLine: 3, endLine: 9 };
const answer = (query: string): SearchResponse => ({
  query,
  mode: 'hybrid',
  tookMs: { embed: 1, search: 2, total: 3 },
  results: [],
  more: false,
  embeddedShare: 1,
});
const searchMessage = (id: number, query: string, offset = 0): object => ({
  type: 'search',
  id,
  query,
  mode: 'hybrid',
  filters: {},
  limit: 20,
  offset,
});

interface Asked {
  readonly method: string;
  readonly params: unknown;
  readonly signal: AbortSignal | undefined;
  readonly answer: (response: SearchResponse) => void;
  readonly fail: (error: unknown) => void;
}

function setUp() {
  const sent: HostToPanel[] = [];
  const asked: Asked[] = [];
  const calls: string[] = [];
  const errors: unknown[] = [];
  const settings: { value: PanelSettings } = {
    value: { mode: 'hybrid', multiRoot: false, maxResults: 30, facets: { languages: ['go'], kinds: ['function'] } },
  };
  const host: PanelHost = {
    request: <M extends EngineMethod>(method: M, params: EngineParams<M>, signal?: AbortSignal) =>
      new Promise<EngineResults[M]>((resolve, reject) => {
        asked.push({
          method,
          params,
          signal,
          answer: (response) => resolve(response as EngineResults[M]),
          fail: reject,
        });
      }),
    status: () => ({ status: null, blocker: null, restricted: false }),
    settings: () => settings.value,
    open: ({ path }, how) => {
      if (path === 'gone') return Promise.reject(new SextantError('not_found', 'gone'));
      calls.push(`open ${path} ${how}`);
      return Promise.resolve();
    },
    copy: (text) => {
      calls.push(`copy ${text}`);
      return Promise.resolve();
    },
    run: (command) => {
      calls.push(`run ${command}`);
      return Promise.resolve();
    },
    reportError: (error) => errors.push(error),
  };
  const panel = new SearchPanel(host, new SearchHistory(memoryStorage()));
  panel.attach((message) => sent.push(message));
  const types = () => sent.map(({ type }) => type);
  return { panel, sent, asked, calls, errors, settings, types };
}

describe('a webview that opens', () => {
  test('is told nothing before it is ready, then settings, status, history and what waits', async () => {
    const { panel, sent, types } = setUp();
    panel.pushStatus();
    panel.search('first');
    panel.search('second');
    assert.equal(sent.length, 0);
    await panel.receive({ type: 'ready' });
    assert.deepEqual(types(), ['settings', 'status', 'history', 'run']);
    assert.deepEqual(sent.at(-1), { type: 'run', query: 'second' });
  });

  test('gets new filters when the languages of the index change', async () => {
    const { panel, settings, types } = setUp();
    await panel.receive({ type: 'ready' });
    panel.pushStatus();
    assert.deepEqual(types().slice(3), ['status']);
    settings.value = { ...settings.value, facets: { languages: ['go', 'rust'], kinds: ['function'] } };
    panel.pushStatus();
    assert.deepEqual(types().slice(4), ['status', 'settings']);
  });
});

describe('search', () => {
  test('is answered with its id', async () => {
    const { panel, sent, asked } = setUp();
    const handled = panel.receive(searchMessage(7, 'q'));
    asked[0]!.answer(answer('q'));
    await handled;
    assert.deepEqual(asked[0]!.params, { query: 'q', mode: 'hybrid', filters: {}, limit: 20, offset: 0 });
    assert.deepEqual(sent, [{ type: 'results', id: 7, response: answer('q'), append: false }]);
  });

  test('further results are marked as such', async () => {
    const { panel, sent, asked } = setUp();
    const handled = panel.receive(searchMessage(8, 'q', 20));
    asked[0]!.answer(answer('q'));
    await handled;
    assert.equal(sent[0]?.type === 'results' && sent[0].append, true);
  });

  test('a newer request aborts the older one and silences its answer', async () => {
    const { panel, sent, asked } = setUp();
    const first = panel.receive(searchMessage(1, 'slow'));
    const second = panel.receive(searchMessage(2, 'fast'));
    assert.equal(asked[0]!.signal?.aborted, true);
    asked[1]!.answer(answer('fast'));
    asked[0]!.answer(answer('slow'));
    await Promise.all([first, second]);
    assert.deepEqual(
      sent.map((message) => 'id' in message && message.id),
      [2],
    );
  });

  test('an error of the engine is answered in its typed form', async () => {
    const { panel, sent, asked, errors } = setUp();
    const handled = panel.receive(searchMessage(3, 'q'));
    asked[0]!.fail(new SextantError('index_missing', 'No index.', { hint: 'Make one.' }));
    await handled;
    const error = { code: 'index_missing', message: 'No index.', hint: 'Make one.' };
    assert.deepEqual(sent, [{ type: 'failed', id: 3, error }]);
    assert.deepEqual(errors, []);
  });

  test('cancel aborts the request and is answered once', async () => {
    const { panel, sent, asked } = setUp();
    const handled = panel.receive(searchMessage(4, 'q'));
    const aborted = (): boolean | undefined => asked[0]!.signal?.aborted;
    await panel.receive({ type: 'cancel', id: 3 });
    assert.equal(aborted(), false, 'another id cancels nothing');
    await panel.receive({ type: 'cancel', id: 4 });
    assert.equal(aborted(), true);
    asked[0]!.fail(new Error('late'));
    await handled;
    assert.deepEqual(sent, [{ type: 'failed', id: 4, error: { code: 'cancelled', message: 'Cancelled.' } }]);
  });

  test('hiding the panel aborts what it waits for', () => {
    const { panel, asked } = setUp();
    void panel.receive(searchMessage(5, 'q'));
    panel.detach();
    assert.equal(asked[0]!.signal?.aborted, true);
  });

  test('similar uses the configured number of results', async () => {
    const { panel, asked, sent } = setUp();
    const handled = panel.receive({ type: 'similar', id: 6, location, filters: { languages: ['go'] } });
    asked[0]!.answer(answer(''));
    await handled;
    assert.equal(asked[0]!.method, 'similar');
    assert.deepEqual(asked[0]!.params, { location, filters: { languages: ['go'] }, limit: 30 });
    assert.equal(sent[0]?.type, 'results');
  });
});

describe('invalid messages', () => {
  const cases: [string, unknown, number][] = [
    ['unknown type', { type: 'format-disk', id: 12 }, 12],
    ['missing fields', { type: 'search', id: 13, query: 'q' }, 13],
    ['wrong types', { ...searchMessage(14, 'q'), limit: 'many' }, 14],
    ['limit out of range', { ...searchMessage(15, 'q'), limit: 100_000 }, 15],
    ['unknown command', { type: 'command', command: 'rm' }, -1],
    ['lines that are none', { type: 'open', how: 'open', location: { ...location, startLine: 0 } }, -1],
    ['no object', 'hello', -1],
    ['null', null, -1],
    ['an id that is none', { type: '?', id: 1.5 }, -1],
  ];
  for (const [name, message, id] of cases) {
    test(`${name}: answered as failed, nothing is done`, async () => {
      const { panel, sent, asked, calls } = setUp();
      await panel.receive(message);
      const [reply] = sent;
      assert.ok(reply?.type === 'failed');
      assert.equal(reply.id, id);
      assert.equal(reply.error.code, 'invalid_argument');
      assert.deepEqual([asked, calls], [[], []]);
    });
  }
});

describe('other wishes', () => {
  test('open, copy and commands reach the host', async () => {
    const { panel, calls } = setUp();
    await panel.receive({ type: 'open', location, how: 'preview' });
    await panel.receive({ type: 'copy', what: 'text', location, text: 'const a' });
    await panel.receive({ type: 'copy', what: 'path', location, text: '' });
    await panel.receive({ type: 'command', command: 'restartEngine' });
    assert.deepEqual(calls, ['open src/a.ts preview', 'copy const a', 'copy src/a.ts:3', 'run restartEngine']);
  });

  test('a file that is gone is reported', async () => {
    const { panel, errors } = setUp();
    await panel.receive({ type: 'open', location: { ...location, path: 'gone' }, how: 'open' });
    assert.equal((errors[0] as SextantError).code, 'not_found');
  });

  test('the history is sent whenever it changes', async () => {
    const { panel, sent } = setUp();
    await panel.receive({ type: 'remember', query: ' how? ' });
    await panel.receive({ type: 'clearHistory' });
    assert.deepEqual(sent, [
      { type: 'history', queries: ['how?'] },
      { type: 'history', queries: [] },
    ]);
  });
});
