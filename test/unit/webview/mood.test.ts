import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { MoodListItem, MoodPeriod, MoodReport } from '../../../src/shared/mood.ts';
import type { MoodToHost } from '../../../src/shared/moodPanel.ts';
import { barsOf, scaleOf, shareOf } from '../../../src/webview/mood/model/chart.ts';
import {
  initialQuery,
  initialState,
  queryFrom,
  requestOf,
  type MoodState,
} from '../../../src/webview/mood/model/state.ts';
import { update, type MoodEvent } from '../../../src/webview/mood/model/update.ts';

const now = 1_800_000_000;
const none = { negative: 0, neutral: 0, positive: 0 };
const item = { root: 'file:///w', id: 7, title: 'ugh' } as MoodListItem;
const report = { counts: none, items: 0, timeline: [] } as unknown as MoodReport;

function period(start: number, negative: number, neutral: number): MoodPeriod {
  return { name: `p${start}`, start, counts: { negative, neutral, positive: 0 } };
}

function after(state: MoodState, ...events: MoodEvent[]): { state: MoodState; sent: MoodToHost[] } {
  const sent: MoodToHost[] = [];
  for (const event of events) {
    const [next, messages] = update(state, event, now);
    state = next;
    sent.push(...messages);
  }
  return { state, sent };
}

describe('bars of the chart', () => {
  it('are the periods, each up to the next', () => {
    const bars = barsOf([period(10, 1, 3), period(20, 0, 0)], 'open');
    assert.deepEqual(
      bars.map(({ name, since, until }) => [name, since, until]),
      [
        ['p10', 10, 19],
        ['p20', 20, 253_402_300_798],
      ],
    );
    assert.equal(shareOf(bars[0]!.counts, 'negative'), 0.25);
    assert.equal(shareOf(bars[1]!.counts, 'negative'), 0);
  });

  it('join neighbours where there are too many, and lose no item', () => {
    const bars = barsOf(
      Array.from({ length: 200 }, (_, n) => period(n, 1, 2)),
      'open',
    );
    assert.equal(bars.length, 67);
    assert.equal(bars[0]?.name, 'p0 – p2');
    assert.equal(
      bars.reduce((sum, { counts }) => sum + counts.negative, 0),
      200,
    );
  });

  it('reach the edge at the greatest share, not at noise', () => {
    assert.equal(scaleOf(barsOf([period(1, 1, 1)], '')), 0.5);
    assert.equal(scaleOf(barsOf([period(1, 1, 99)], '')), 0.1);
    assert.deepEqual(barsOf([{ name: '', start: 1, counts: none }], 'open')[0]?.name, 'open');
  });
});

describe('a query', () => {
  it('becomes a request', () => {
    const query = { ...initialQuery, sources: 'issues' as const, paths: ' src , !x ', label: 'bug', author: 'Bo' };
    assert.deepEqual(requestOf(query, now), {
      kinds: ['issue', 'pullRequest', 'comment'],
      by: 'week',
      folder: '',
      listed: 15,
      byAuthor: false,
      since: now - 366 * 86_400,
      paths: ['src', '!x'],
      labels: ['bug'],
    });
    const picked = { name: 'x', since: 5, until: 9 };
    const { since, until, authors } = requestOf({ ...query, range: 'all', period: picked, byAuthor: true }, now);
    assert.deepEqual([since, until, authors], [5, 9, ['Bo']]);
    assert.equal(requestOf({ ...initialQuery, range: 'all' }, now).since, undefined);
  });

  it('comes back from what was kept, but for what makes no sense', () => {
    assert.equal(queryFrom({ by: 'month', folder: 'src', period: { since: 1 }, other: 1 }).by, 'month');
    assert.equal(queryFrom({ by: 'month', period: { since: 1 } }).period, null);
    assert.deepEqual(queryFrom({ by: 'century' }), initialQuery);
    assert.deepEqual(queryFrom('?'), initialQuery);
  });
});

describe('the mood view', () => {
  it('asks for a report when it starts and when the query changes, and takes the last answer only', () => {
    const { state, sent } = after(initialState, { type: 'started' }, { type: 'asked', query: { by: 'month' } });
    assert.deepEqual(
      sent.map(({ type }) => type),
      ['ready', 'load', 'load'],
    );
    const stale = after(state, { type: 'host', message: { type: 'report', id: 1, report } });
    assert.equal(stale.state.report, null);
    const { state: done } = after(state, { type: 'host', message: { type: 'report', id: 2, report } });
    assert.deepEqual([done.report, done.answered], [report, 2]);
    assert.equal(after(done, { type: 'host', message: { type: 'changed' } }).sent[0]?.type, 'load');
  });

  it('keeps the last report when a request fails', () => {
    const error = { code: 'internal' as const, message: 'no' };
    const { state } = after(
      initialState,
      { type: 'started' },
      { type: 'host', message: { type: 'report', id: 1, report } },
      { type: 'asked', query: {} },
      { type: 'host', message: { type: 'failed', id: 2, error } },
    );
    assert.deepEqual([state.report, state.error, state.answered], [report, error, 2]);
  });

  it('asks for the words of an item once', () => {
    const explanation = { mood: { label: 'neutral' as const, scores: none }, words: [] };
    const { state, sent } = after(
      initialState,
      { type: 'toggledWhy', item },
      { type: 'host', message: { type: 'explained', root: item.root, id: item.id, explanation } },
      { type: 'toggledWhy', item },
      { type: 'toggledWhy', item },
    );
    assert.deepEqual(sent, [{ type: 'explain', root: item.root, id: item.id }]);
    assert.equal(state.open, '7 file:///w');
  });

  it('records a correction', () => {
    const { state, sent } = after(
      initialState,
      { type: 'toggledCorrection', item },
      { type: 'corrected', item, label: 'neutral' },
    );
    assert.deepEqual(sent, [{ type: 'correct', root: item.root, id: item.id, label: 'neutral' }]);
    assert.equal(state.correcting, null);
  });
});
