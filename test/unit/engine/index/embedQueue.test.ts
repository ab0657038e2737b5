import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbedQueue } from '../../../../src/engine/index/embedQueue.ts';
import { hashOf } from '../../../support/indexedFiles.ts';

function pending(path: string, text: string, characters = 10) {
  return { chunkId: 1, path, textHash: hashOf(text), characters };
}

function drain(queue: EmbedQueue): string[] {
  return queue.take(100, 1_000_000).map(({ path }) => path);
}

test('a text waits once however many chunks share it', () => {
  const queue = new EmbedQueue();
  queue.add([pending('a', 'same'), pending('b', 'same'), pending('b', 'other')]);
  assert.equal(queue.size, 2);
  assert.equal(queue.characters, 20);
  assert.deepEqual(drain(queue), ['a', 'b']);
  assert.equal(queue.characters, 0);
});

test('a text that is being encoded does not wait again before that is settled', () => {
  const queue = new EmbedQueue();
  queue.add([pending('a', 'one'), pending('b', 'two')]);
  const taken = queue.take(1, 1000);
  queue.clear();
  queue.add([pending('a', 'one'), pending('b', 'two')]);
  assert.deepEqual(drain(queue), ['b']);
  queue.settle(taken);
  queue.add(taken);
  assert.deepEqual(drain(queue), ['a']);
});

test('first what is looked at, then what changed last, then the rest', () => {
  const queue = new EmbedQueue();
  queue.add(['a', 'b', 'c', 'd', 'e'].map((path) => pending(path, path)));
  queue.prioritize(['d']);
  queue.changed(['b']);
  queue.changed(['c', 'b']);
  assert.deepEqual(drain(queue), ['d', 'c', 'b', 'a', 'e']);
});

test('batches end at the count or the length, and hold one text at least', () => {
  const queue = new EmbedQueue();
  queue.add([pending('a', '1', 5000), pending('a', '2', 10), pending('a', '3', 10), pending('a', '4', 10)]);
  assert.equal(queue.take(2, 1000).length, 1);
  assert.equal(queue.take(2, 1000).length, 2);
  assert.equal(queue.take(2, 1000).length, 1);
  assert.equal(queue.take(2, 1000).length, 0);
});

test('what a changed file was waiting for is forgotten', () => {
  const queue = new EmbedQueue();
  queue.add([pending('a', '1'), pending('b', '2')]);
  queue.drop(['a']);
  assert.deepEqual(drain(queue), ['b']);
});
