import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SerializedError } from '../../../src/shared/errors.ts';
import type { HostToPanel, PanelToHost } from '../../../src/shared/panelProtocol.ts';
import type { Effect, PanelEvent } from '../../../src/webview/search/model/event.ts';
import { fileKey, resultKey } from '../../../src/webview/search/model/rows.ts';
import { currentPage, initialState, type Page, type PanelState } from '../../../src/webview/search/model/state.ts';
import { update } from '../../../src/webview/search/model/update.ts';
import { response, result, root, rootStatus, status } from './samples.ts';

/** Drives the reducer as the panel does and keeps what it did. */
class Driver {
  state: PanelState = initialState;
  effects: readonly Effect[] = [];

  do(...events: PanelEvent[]): this {
    for (const event of events) [this.state, this.effects] = update(this.state, event);
    return this;
  }
  host(...messages: HostToPanel[]): this {
    return this.do(...messages.map((message): PanelEvent => ({ type: 'host', message })));
  }
  /** Types a query and lets the typing pause end. */
  search(query: string): this {
    return this.do({ type: 'typed', query }, { type: 'debounced' });
  }
  answer(results = [first, second, third], change = {}): this {
    return this.host({
      type: 'results',
      id: this.state.pending!.id,
      response: response(results, change),
      append: false,
    });
  }
  get posted(): PanelToHost[] {
    return this.effects.flatMap((effect) => (effect.type === 'post' ? [effect.message] : []));
  }
  get focus(): string | undefined {
    return this.effects.find((effect) => effect.type === 'focus')?.target;
  }
  page(): Page {
    return currentPage(this.state);
  }
  get error(): SerializedError | null {
    const page = this.page();
    return page.kind === 'duplicates' ? null : page.error;
  }
  get shown(): string[] {
    const page = this.page();
    return page.kind === 'duplicates' ? [] : (page.answer?.results ?? []).map(resultKey);
  }
}

const first = result('a.ts', 1);
const second = result('a.ts', 10);
const third = result('b.ts', 1);
const ready: HostToPanel = { type: 'status', status: status(), blocker: null };
const start = () => new Driver().host(ready);

test('typing waits for the pause, then searches with mode, filters and page size', () => {
  const driver = start().do({ type: 'typed', query: 'se' });
  assert.deepEqual(driver.effects, [{ type: 'debounce' }]);
  driver.do({ type: 'debounced' });
  assert.deepEqual(driver.posted, [
    { type: 'search', id: 1, query: 'se', mode: 'hybrid', filters: {}, limit: 30, offset: 0 },
  ]);
});

test('one letter is not searched while typing, but with Enter', () => {
  const driver = start().do({ type: 'typed', query: 'x' });
  assert.ok(!driver.state.debouncing);
  assert.equal(driver.do({ type: 'submitted' }).posted.at(-1)?.type, 'search');
});

test('a newer search cancels the older one, whose answer is then dropped', () => {
  const driver = start().search('old');
  const staleId = driver.state.pending!.id;
  driver.search('new');
  assert.deepEqual(
    driver.posted.map((message) => message.type),
    ['cancel', 'search'],
  );
  driver.host({ type: 'results', id: staleId, response: response([first]), append: false });
  assert.deepEqual(driver.shown, []);
  driver.answer([third]);
  assert.deepEqual(driver.shown, [resultKey(third)]);
});

test('old results stay until the new answer is there, and its view starts at the top', () => {
  const driver = start().search('old').answer();
  driver.do({ type: 'scrolled', top: 200 }, { type: 'typed', query: 'older' }, { type: 'debounced' });
  assert.equal(driver.shown.length, 3);
  assert.equal(driver.page().view.scroll, 200);
  driver.answer([third]);
  assert.equal(driver.page().view.scroll, 0);
});

test('clearing the box forgets the results and cancels what runs', () => {
  const driver = start().search('old').answer().search('more').do({ type: 'typed', query: ' ' });
  assert.deepEqual(driver.shown, []);
  assert.equal(driver.posted[0]?.type, 'cancel');
  assert.equal(driver.state.pending, null);
});

test('cancel keeps the old results, and no status starts the search again', () => {
  const driver = start().search('old').answer().search('new').do({ type: 'cancelled' });
  assert.equal(driver.posted[0]?.type, 'cancel');
  assert.equal(driver.shown.length, 3);
  assert.deepEqual(start().search('new').do({ type: 'cancelled' }).host(ready).posted, []);
});

test('Enter remembers the query and goes to the first result once it is there', () => {
  const driver = start().do({ type: 'typed', query: 'where' }, { type: 'submitted' });
  assert.deepEqual(
    driver.posted.map((message) => message.type),
    ['remember', 'search'],
  );
  driver.answer();
  assert.equal(driver.focus, 'list');
  assert.equal(driver.page().view.active, resultKey(first));
});

test('Enter while the answer is under way asks no second time; with the answer there it only moves', () => {
  const driver = start().search('where').do({ type: 'submitted' });
  assert.deepEqual(
    driver.posted.map((message) => message.type),
    ['remember'],
  );
  driver.answer();
  assert.equal(driver.focus, 'list');
  driver.do({ type: 'queryEntered' }, { type: 'submitted' });
  assert.deepEqual(
    driver.posted.map((message) => message.type),
    ['remember'],
  );
  assert.equal(driver.focus, 'list');
});

test('a query that is the newest of the history is not remembered again', () => {
  const driver = start()
    .host({ type: 'history', queries: ['where'] })
    .search('where')
    .do({ type: 'submitted' });
  assert.deepEqual(driver.posted, []);
});

test('moving previews, opening opens, a click on a line opens that line, side opens beside', () => {
  const key = resultKey(second);
  const driver = start().search('where').answer();
  assert.deepEqual(driver.do({ type: 'moved', key }).effects, [{ type: 'preview', key }]);
  const location = { root, path: 'a.ts', startLine: 10, endLine: 13 };
  driver.do({ type: 'opened', key, how: 'preview' });
  assert.deepEqual(driver.posted, [{ type: 'open', location, how: 'preview' }]);
  driver.do({ type: 'opened', key, how: 'side' });
  assert.deepEqual(driver.posted, [
    { type: 'remember', query: 'where' },
    { type: 'open', location, how: 'side' },
  ]);
  driver.do({ type: 'opened', key, how: 'preview', line: 12 });
  assert.deepEqual(driver.posted, [
    { type: 'open', location: { ...location, startLine: 12, endLine: 12 }, how: 'preview' },
  ]);
});

test('more results are fetched past the last one, once, and appended without repeats', () => {
  const driver = start().search('where').answer([first, second], { more: true });
  driver.do({ type: 'moved', key: resultKey(second), quiet: true }, { type: 'endReached' });
  assert.equal(driver.posted.find((message) => message.type === 'search')?.offset, 2);
  assert.deepEqual(driver.do({ type: 'endReached' }).posted, []);
  driver.answer([second, third], { more: true });
  assert.deepEqual(driver.shown, [first, second, third].map(resultKey));
  assert.equal(driver.page().view.active, resultKey(second));
  driver.do({ type: 'endReached' }).answer([third], { more: true });
  assert.deepEqual(driver.do({ type: 'endReached' }).posted, [], 'an answer without news ends the paging');
});

test('a failed further page keeps the results', () => {
  const driver = start().search('where').answer([first], { more: true }).do({ type: 'endReached' });
  driver.host({ type: 'failed', id: driver.state.pending!.id, error: { code: 'internal', message: 'no' } });
  assert.deepEqual(driver.shown, [resultKey(first)]);
  assert.equal(driver.error, null);
});

test('an error is shown; one of a stale request or a cancellation is not', () => {
  const error = { code: 'internal', message: 'Broken.' } as const;
  const driver = start().search('a b');
  driver.host({ type: 'failed', id: 99, error });
  assert.ok(driver.state.pending !== null);
  driver.host({ type: 'failed', id: driver.state.pending.id, error: { code: 'cancelled', message: '' } });
  assert.equal(driver.error, null);
  driver.search('a b c').host({ type: 'failed', id: -1, error });
  assert.equal(driver.error, error);
  driver.search('a b').answer();
  assert.equal(driver.error, null);
});

test('find similar: the list stays until the answer, then has a page of its own, and Back returns to the place', () => {
  const key = resultKey(third);
  const driver = start().search('where').answer();
  driver.do({ type: 'scrolled', top: 50 }, { type: 'similarAsked', key });
  assert.deepEqual(driver.posted, [
    { type: 'similar', id: 2, location: { root, path: 'b.ts', startLine: 1, endLine: 4 }, filters: {} },
  ]);
  assert.equal(driver.page().kind, 'search');
  driver.answer([first]);
  assert.equal(driver.page().kind, 'similar');
  assert.equal(driver.focus, 'list');
  driver.do({ type: 'wentBack' });
  assert.equal(driver.focus, 'list');
  assert.deepEqual([driver.page().kind, driver.page().view.active, driver.page().view.scroll], ['search', key, 50]);
});

test('typing above a similar list returns to the search', () => {
  const driver = start()
    .search('where')
    .answer()
    .do({ type: 'similarAsked', key: resultKey(third) })
    .answer([first]);
  driver.do({ type: 'typedAhead', characters: '!' });
  assert.equal(driver.state.query, 'where!');
  assert.equal(driver.focus, 'query');
  driver.do({ type: 'debounced' }).answer();
  assert.deepEqual(driver.state.pages.length, 1);
});

test('filters changed over a similar list ask for similar code again, in the same page', () => {
  const driver = start()
    .search('where')
    .answer()
    .do({ type: 'similarAsked', key: resultKey(third) })
    .answer([first]);
  driver.do({ type: 'filtersChosen', filters: { languages: ['go'] } });
  assert.deepEqual(
    driver.posted.map((message) => message.type === 'similar' && message.filters),
    [{ languages: ['go'] }],
  );
  driver.answer([second]);
  assert.equal(driver.state.pages.length, 2);
});

test('the host shows similar code and duplicates; the same place is not stacked twice', () => {
  const location = { root, path: 'b.ts', startLine: 1, endLine: 4 };
  const show: HostToPanel = { type: 'showSimilar', location, response: response([first]) };
  const driver = start().host(show, show);
  assert.equal(driver.state.pages.length, 2);
  const member = { ...location, symbol: 'x' };
  driver.host({ type: 'showDuplicates', groups: [{ score: 1, members: [member, { ...member, path: 'c.ts' }] }] });
  assert.deepEqual(
    driver.state.pages.map((page) => page.kind),
    ['search', 'similar', 'duplicates'],
  );
  assert.equal(driver.focus, 'list');
  driver.do({ type: 'escaped', from: 'list' }, { type: 'escaped', from: 'list' });
  assert.equal(driver.page().kind, 'search');
  assert.equal(driver.focus, 'query', 'an empty list takes no focus');
});

test('Escape stops what runs first, and from the list leads to the query', () => {
  const driver = start().search('where').answer().search('where else').do({ type: 'escaped', from: 'query' });
  assert.equal(driver.posted[0]?.type, 'cancel');
  assert.equal(driver.do({ type: 'escaped', from: 'list' }).focus, 'query');
  assert.equal(driver.do({ type: 'escaped', from: 'query' }).focus, undefined);
});

test('the index became complete: an untouched answer is refreshed, a touched one is left alone', () => {
  const growing: HostToPanel = {
    type: 'status',
    status: status(rootStatus({ phase: 'embedding', embedded: 10 })),
    blocker: null,
  };
  const untouched = start().host(growing).search('where').answer([first], { embeddedShare: 0.1 }).host(ready);
  assert.equal(untouched.posted[0]?.type, 'search');
  const touched = start().host(growing).search('where').answer([first], { embeddedShare: 0.1 });
  assert.deepEqual(touched.do({ type: 'moved', key: resultKey(first) }).host(ready).posted, []);
});

test('a refresh keeps the selection where it is still there', () => {
  const driver = start().search('where').answer();
  driver.do(
    { type: 'moved', key: resultKey(second), quiet: true },
    { type: 'scrolled', top: 30 },
    { type: 'refreshed' },
  );
  driver.answer([third, second]);
  assert.deepEqual([driver.page().view.active, driver.page().view.scroll], [resultKey(second), 30]);
  driver.do({ type: 'refreshed' }).answer([third]);
  assert.equal(driver.page().view.active, null);
});

test('an engine that comes back is asked again what it could not answer', () => {
  const down: HostToPanel = { type: 'status', status: null, blocker: 'engineDown' };
  const driver = start().search('where');
  const error = { code: 'engine_unavailable', message: 'Gone.' } as const;
  driver.host({ type: 'failed', id: driver.state.pending!.id, error }, down);
  assert.deepEqual(driver.posted, []);
  assert.equal(driver.host(ready).posted[0]?.type, 'search');
});

test('the setting decides the mode until the user does', () => {
  const settings: HostToPanel = {
    type: 'settings',
    mode: 'keyword',
    multiRoot: false,
    facets: { languages: [], kinds: [] },
    maxResults: 50,
  };
  const driver = start().host(settings);
  assert.equal(driver.state.mode, 'keyword');
  driver.do({ type: 'modeChosen', mode: 'semantic' }).host(settings);
  assert.equal(driver.state.mode, 'semantic');
  const [message] = driver.search('where').posted;
  assert.ok(message?.type === 'search' && message.limit === 50 && message.mode === 'semantic');
});

test('a search from a command fills the box and takes the focus', () => {
  const driver = start().host({ type: 'run', query: 'from the editor', mode: 'keyword' });
  assert.equal(driver.state.query, 'from the editor');
  assert.equal(driver.posted[0]?.type, 'search');
  assert.deepEqual(driver.effects.at(-1), { type: 'focus', target: 'query', selectAll: true });
});

test('collapse all moves the selection to the file, expand all brings the results back', () => {
  const driver = start()
    .search('where')
    .answer()
    .do({ type: 'moved', key: resultKey(second), quiet: true });
  driver.do({ type: 'allExpanded', open: false });
  assert.equal(driver.page().view.active, fileKey(second));
  assert.equal(driver.page().view.collapsed.length, 2);
  driver.do({ type: 'allExpanded', open: true });
  assert.equal(driver.page().view.collapsed.length, 0);
});

test('copying the code or the path of a row', () => {
  const driver = start().search('where').answer();
  driver.do({ type: 'copied', key: resultKey(third), what: 'text' });
  const [message] = driver.posted;
  assert.ok(message?.type === 'copy' && message.text === third.text && message.what === 'text');
});

test('history: Up recalls and searches, Down brings the draft back', () => {
  const driver = start()
    .host({ type: 'history', queries: ['newest', 'oldest'] })
    .do({ type: 'typed', query: 'draft' });
  driver.do({ type: 'recalled', direction: 'older' });
  assert.equal(driver.state.query, 'newest');
  assert.ok(driver.state.debouncing);
  driver.do({ type: 'recalled', direction: 'newer' });
  assert.equal(driver.state.query, 'draft');
});

test('a message that this panel does not know changes nothing', () => {
  const driver = start();
  const before = driver.state;
  driver.host({ type: 'somethingNew' } as unknown as HostToPanel);
  assert.equal(driver.state, before);
});
