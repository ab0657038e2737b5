import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromStored, toStored } from '../../../src/webview/search/model/persist.ts';
import { emptyView, initialState, type PanelState } from '../../../src/webview/search/model/state.ts';
import { answer, result, root } from './samples.ts';

const view = { ...emptyView, scroll: 120 };
const input = { query: 'where', mode: 'hybrid', filters: { languages: ['go'] } } as const;
const filters = { languages: ['go'] };
const used: PanelState = {
  ...initialState,
  query: 'where',
  modeChosen: true,
  filters,
  pages: [
    { kind: 'search', answer: answer([result('a.ts', 1)], input.query, filters), error: null, view },
    {
      kind: 'similar',
      origin: { root, path: 'a.ts', startLine: 1, endLine: 4 },
      answer: answer([result('b.ts', 1)], ''),
      error: null,
      view,
    },
  ],
};

/** Through the same form as VS Code keeps it in. */
function reloaded(state: PanelState): PanelState {
  return fromStored(initialState, JSON.parse(JSON.stringify(toStored(state))));
}

test('query, mode, filters, results and scroll position survive a reload', () => {
  const state = reloaded(used);
  assert.deepEqual(
    [state.query, state.mode, state.modeChosen, state.filters],
    ['where', 'hybrid', true, { languages: ['go'] }],
  );
  assert.deepEqual(state.pages, used.pages);
  assert.ok(!state.resuming);
});

test('a query whose answer was not there yet is asked again', () => {
  assert.ok(reloaded({ ...used, query: 'where else', pages: [used.pages[0]] }).resuming);
  assert.ok(!reloaded({ ...used, query: ' ', pages: [used.pages[0]] }).resuming);
});

test('a long list is cut and then says that there is more', () => {
  const many = answer(Array.from({ length: 500 }, (_, index) => result('a.ts', index * 10 + 1)));
  const [page] = reloaded({ ...used, pages: [{ ...used.pages[0], answer: many }] }).pages;
  assert.equal(page.answer!.results.length, 120);
  assert.ok(page.answer!.more);
});

test('what is not ours is ignored', () => {
  const stored = toStored(used);
  const others: unknown[] = [
    undefined,
    null,
    'text',
    [],
    {},
    { ...stored, version: 0 },
    { ...stored, mode: 'psychic' },
    { ...stored, pages: [] },
    { ...stored, pages: [{ kind: 'search', answer: { results: [{ path: 1 }] }, view }] },
    { ...stored, pages: [{ kind: 'duplicates', groups: [], view }] },
  ];
  for (const other of others) assert.equal(fromStored(initialState, other), initialState);
});
