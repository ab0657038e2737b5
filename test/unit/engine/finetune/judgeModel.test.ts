import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JudgedOutcome } from '../../../../src/engine/finetune/evaluate/evaluatePairs.ts';
import { judgeModel, type Evidence } from '../../../../src/engine/finetune/judgeModel.ts';

function outcomes(ndcg: (index: number) => number, count = 100): JudgedOutcome[] {
  return Array.from({ length: count }, (_, index) => ({
    query: {
      query: `q${index}`,
      source: index % 2 === 0 ? 'doc' : 'commit',
      relevant: new Set(['a']),
      first: { path: `f${index}`, startLine: 1, endLine: 2 },
    },
    ndcg10: ndcg(index),
    mrr10: ndcg(index),
    recall10: ndcg(index),
    rank: ndcg(index) === 0 ? null : Math.round(1 / ndcg(index)),
  }));
}

function evidence(change: Partial<Evidence>): Evidence {
  const scores = { ndcg10: 0.6, mrr10: 0.5, recall10: 0.7 };
  return {
    before: outcomes(() => 0.5),
    after: outcomes((index) => (index % 4 === 0 ? 1 : 0.5)),
    search: { before: scores, after: scores },
    guard: { before: 0.7, after: 0.695 },
    crossValidated: false,
    ...change,
  };
}

test('a gain beyond chance that costs nothing elsewhere is better', () => {
  const { verdict, before, after, bySource, moved } = judgeModel(evidence({}));
  assert.deepEqual([verdict, before.ndcg10, after.ndcg10], ['better', 0.5, 0.625]);
  assert.deepEqual(
    bySource.map(({ source, queries, after: score }) => [source, queries, score.ndcg10]),
    [
      ['doc', 50, 0.75],
      ['commit', 50, 0.5],
    ],
  );
  assert.deepEqual([moved[0]?.before, moved[0]?.after], [2, 1]);
});

test('a gain that chance explains, and a loss, keep the old model', () => {
  const noise = judgeModel(evidence({ after: outcomes((index) => (index % 2 === 0 ? 1 : 0.01)) }));
  assert.equal(noise.verdict, 'not_better');
  assert.match(noise.reason, /no more than chance/);
  const worse = judgeModel(evidence({ after: outcomes(() => 0.4) }));
  assert.equal(worse.verdict, 'not_better');
  assert.match(worse.reason, /the new one has −10\.0 points/);
});

test('whoever forgets what everybody knows is not used', () => {
  const { verdict, reason } = judgeModel(evidence({ guard: { before: 0.7, after: 0.68 } }));
  assert.equal(verdict, 'guard_dropped');
  assert.match(reason, /−2\.0 points/);
});

test('a model that makes hybrid search worse is not used', () => {
  const scores = { ndcg10: 0.6, mrr10: 0.5, recall10: 0.7 };
  const { verdict, reason } = judgeModel(evidence({ search: { before: scores, after: { ...scores, ndcg10: 0.58 } } }));
  assert.equal(verdict, 'not_better');
  assert.match(reason, /hybrid search is worse/);
});
