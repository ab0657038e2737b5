import assert from 'node:assert/strict';
import { test } from 'node:test';
import { queryNdcg } from '../../../../src/engine/eval/repoAnnotations.ts';
import { idealGain, median, retrievalMetrics } from '../../../../src/engine/eval/retrievalMetrics.ts';

function documents(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `d${index}`);
}

function near(actual: number, expected: number): void {
  assert.ok(Math.abs(actual - expected) < 1e-12, `${actual} is not ${expected}`);
}

test('one relevant document at the third place', () => {
  const metrics = retrievalMetrics([{ ranking: documents(20), relevant: new Set(['d2']) }]);
  near(metrics.ndcg10, 0.5);
  near(metrics.mrr10, 1 / 3);
  near(metrics.recall10, 1);
});

test('the ideal of many relevant documents is cut at ten, recall is not', () => {
  const relevant = new Set(documents(20));
  const metrics = retrievalMetrics([{ ranking: documents(15), relevant }]);
  near(metrics.ndcg10, 1);
  near(metrics.recall10, 0.5);
  near(metrics.recall100, 0.75);
});

test('a hit past the tenth place counts for recall at 100 alone', () => {
  const metrics = retrievalMetrics([{ ranking: documents(20), relevant: new Set(['d10']) }]);
  assert.deepEqual(metrics, { ndcg10: 0, mrr10: 0, recall10: 0, recall100: 1 });
});

test('queries without relevant documents are left out of the mean', () => {
  const perfect = { ranking: ['d0'], relevant: new Set(['d0']) };
  near(retrievalMetrics([perfect, { ranking: ['d0'], relevant: new Set<string>() }]).ndcg10, 1);
});

test('the rank of a target is its first hit and other hits take up places', () => {
  const span = (path: string, startLine = 1, endLine = 9) => ({ path, startLine, endLine });
  const results = [span('src/a.ts'), span('src/a.ts'), span('src/b.ts'), span('lib/c.ts', 1, 10)];
  near(queryNdcg(results, [{ path: 'src/a.ts' }]), 1);
  near(queryNdcg(results, [{ path: 'src/b.ts' }]), 0.5);
  near(queryNdcg(results, [{ path: 'src/a.ts' }, { path: 'src/b.ts' }]), 1.5 / idealGain(2));
  near(queryNdcg(results, [{ path: 'c.ts', lines: { start: 10, end: 20 } }]), 1 / Math.log2(5));
  near(queryNdcg(results, [{ path: 'c.ts', lines: { start: 11, end: 20 } }]), 0);
  near(queryNdcg(results, [{ path: 'xa.ts' }]), 0);
});

test('median', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([]), 0);
});
