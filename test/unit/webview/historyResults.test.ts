import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { HistoryItem } from '../../../src/shared/history.ts';
import type { SearchResult } from '../../../src/shared/search.ts';
import { historyFacts, historyTitle } from '../../../src/webview/shared/historyItem.ts';
import { resultKey } from '../../../src/webview/search/model/rows.ts';
import { initialState, type PanelState } from '../../../src/webview/search/model/state.ts';
import { update } from '../../../src/webview/search/model/update.ts';
import { answer, result } from './samples.ts';

const item: HistoryItem = {
  ...{ id: 1, kind: 'commit', key: '0123456789abcdef0123', source: 'lib', title: 'Fix it', body: '' },
  ...{ author: 'Ada', at: 1_767_268_800, merge: false, labels: [], files: [], fileCount: 0 },
};

function opened(shown: SearchResult): unknown {
  const [page] = initialState.pages;
  const state: PanelState = { ...initialState, pages: [{ ...page, answer: answer([shown]) }] };
  const [, effects] = update(state, { type: 'opened', key: resultKey(shown), how: 'open' });
  return effects
    .map((effect) => (effect.type === 'post' ? effect.message : null))
    .find((message) => message?.type === 'open');
}

test('a commit is opened as a commit, code as a place in a file', () => {
  const location = { root: 'file:///workspace', path: 'lib/0123', startLine: 1, endLine: 4 };
  assert.deepEqual(opened({ ...result('lib/0123', 1), history: item }), {
    type: 'open',
    location,
    how: 'open',
    item: { kind: 'commit', source: 'lib', key: item.key },
  });
  assert.deepEqual(opened(result('lib/0123', 1)), { type: 'open', location, how: 'open' });
});

test('an item is named by its number, day and author, or by its first words', () => {
  assert.match(historyFacts(item), /^01234567 · .*2026.* · Ada$/);
  assert.match(historyFacts({ ...item, kind: 'issue', key: '12', author: '' }), /^#12 · [^·]+$/);
  assert.match(historyFacts({ ...item, kind: 'pullRequest', key: '!12' }), /^!12 · /);
  assert.equal(historyTitle({ ...item, title: '', body: '\n\nHello\nthere' }), 'Hello');
});
