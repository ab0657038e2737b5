import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyHistory, recall, restart, withQueries } from '../../../src/webview/search/model/history.ts';

const kept = withQueries(emptyHistory, ['newest', 'older', 'oldest']);

test('Up walks from the newest to the oldest and stops there', () => {
  const first = recall(kept, 'older', 'draft')!;
  const second = recall(first.history, 'older', first.query)!;
  const third = recall(second.history, 'older', second.query)!;
  assert.deepEqual([first.query, second.query, third.query], ['newest', 'older', 'oldest']);
  assert.equal(recall(third.history, 'older', third.query), null);
});

test('Down walks back and ends at what was being written', () => {
  const first = recall(kept, 'older', 'my dra')!;
  const second = recall(first.history, 'older', first.query)!;
  const back = recall(second.history, 'newer', second.query)!;
  assert.equal(back.query, 'newest');
  const draft = recall(back.history, 'newer', back.query)!;
  assert.equal(draft.query, 'my dra');
  assert.equal(draft.history.position, null);
});

test('Down does nothing for somebody who is not walking', () => {
  assert.equal(recall(kept, 'newer', 'draft'), null);
});

test('an entry equal to what the box shows is skipped', () => {
  assert.equal(recall(kept, 'older', 'newest')!.query, 'older');
});

test('an empty history changes nothing', () => {
  assert.equal(recall(emptyHistory, 'older', 'draft'), null);
});

test('typing ends the walk', () => {
  const walking = recall(kept, 'older', 'draft')!.history;
  assert.equal(restart(walking).position, null);
  assert.equal(restart(kept), kept);
});
