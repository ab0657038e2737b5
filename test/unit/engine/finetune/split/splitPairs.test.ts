import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crossValidationFolds, splitPairs } from '../../../../../src/engine/finetune/split/splitPairs.ts';
import type { PairSource, QueryPair } from '../../../../../src/shared/finetune.ts';

function pair(file: number, index: number, source: PairSource, date?: string): QueryPair {
  return {
    query: `question number ${file} about subject ${index} ${source}`,
    path: `src/file${file}.ts`,
    startLine: index * 10 + 1,
    endLine: index * 10 + 9,
    context: `code ${file} ${index}`,
    source,
    ...(date === undefined ? {} : { date }),
  };
}

function day(index: number): string {
  return new Date(Date.UTC(2026, 0, 1 + index)).toISOString();
}

const pairs = Array.from({ length: 40 }, (_, file) => [
  pair(file, 0, 'doc'),
  pair(file, 1, 'name'),
  pair(file, 2, 'test'),
  pair(file, 3, 'commit', day(file)),
  pair(file, 4, 'commit', day(80 - file)),
]).flat();

test('no file, no newer commit and no question is on both sides', () => {
  const { train, tune, held } = splitPairs(pairs, 1);
  const parts = [train, tune, held].map((part) => [...new Set(part.map(({ path }) => path))]);
  assert.equal(new Set(parts.flat()).size, parts.flat().length);
  const learnt = [...train, ...tune].flatMap(({ date }) => (date === undefined ? [] : [date]));
  const judged = held.flatMap(({ date }) => (date === undefined ? [] : [date]));
  assert.ok(judged.length > 0 && learnt.length > 0);
  assert.ok(Math.min(...judged.map(Date.parse)) > Math.max(...learnt.map(Date.parse)));
});

test('about a fifth of the files judges, and only by questions that people ask', () => {
  const { train, tune, held } = splitPairs(pairs, 1);
  const files = new Set(held.map(({ path }) => path)).size;
  assert.ok(files >= 6 && files <= 12, String(files));
  assert.deepEqual(
    [...held, ...tune].filter(({ source }) => source === 'name' || source === 'call'),
    [],
  );
  assert.ok(train.some(({ source }) => source === 'name'));
});

test('the seed decides the split', () => {
  const paths = (seed: number) => splitPairs(pairs, seed).held.map(({ path }) => path);
  assert.deepEqual(paths(1), paths(1));
  assert.notDeepEqual(paths(1), paths(2));
});

test('a question or a code of the judging part is not learnt elsewhere', () => {
  const { held } = splitPairs(pairs, 1);
  const copied = pairs.map((item) => {
    const original = held.find(({ path }) => path !== item.path);
    return item.source === 'doc' && item.path !== original?.path ? { ...item, query: original!.query } : item;
  });
  const again = splitPairs(copied, 1);
  const judged = new Set(again.held.map(({ query }) => query));
  assert.deepEqual(
    again.train.filter(({ query }) => judged.has(query)),
    [],
  );
});

test('in cross-validation every question judges once, by a training that did not see its file', () => {
  const folds = crossValidationFolds(pairs, 4, 1);
  assert.equal(folds.length, 4);
  const judged = folds.flatMap(({ held }) => held.map(({ query }) => query));
  assert.equal(new Set(judged).size, judged.length);
  assert.equal(judged.length, pairs.filter(({ source }) => source !== 'name').length);
  for (const { train, held } of folds) {
    const seen = new Set(train.map(({ path }) => path));
    assert.ok(held.every(({ path }) => !seen.has(path)));
  }
});
