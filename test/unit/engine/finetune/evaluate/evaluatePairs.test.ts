import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearest } from '../../../../../src/engine/finetune/evaluate/denseRanking.ts';
import { evaluatePairs, judgedQueries } from '../../../../../src/engine/finetune/evaluate/evaluatePairs.ts';
import type { Encoder } from '../../../../../src/engine/runtime/encoder.ts';
import type { PairSource, QueryPair } from '../../../../../src/shared/finetune.ts';

/** Embeds a text by the angle that it names. */
const byAngle: Encoder = {
  name: 'angles',
  fingerprint: 'angles',
  dimension: 2,
  backend: { name: 'cpu', reason: 'test' },
  embed: (texts: readonly string[]) =>
    Promise.resolve({
      embeddings: texts.map((text) => {
        const angle = (Number(/-?\d+/.exec(text)?.[0]) * Math.PI) / 180;
        return Float32Array.of(Math.cos(angle), Math.sin(angle));
      }),
      tokens: texts.length,
    }),
  dispose: () => Promise.resolve(),
};

const corpus = [0, 10, 20, 30, 40].map((angle, index) => ({
  path: index < 2 ? 'a.ts' : `${index}.ts`,
  startLine: index + 1,
  endLine: index + 1,
  text: `text at ${angle}`,
}));

function ask(query: string, index: number, source: PairSource = 'doc'): QueryPair {
  const { path, startLine, endLine, text } = corpus[index]!;
  return { query, path, startLine, endLine, context: text, source };
}

test('ranks are by the cosine, over the whole corpus', async () => {
  const outcomes = await evaluatePairs(byAngle, judgedQueries([ask('at 21', 2), ask('at 1', 4)]), corpus);
  assert.deepEqual(
    outcomes.map(({ rank }) => rank),
    [1, 5],
  );
  assert.ok(Math.abs(outcomes[1]!.ndcg10 - 1 / Math.log2(6)) < 1e-9);
});

test('pairs that ask the same are one query with several answers', async () => {
  const queries = judgedQueries([ask('at 12', 1), ask('at 12', 4)]);
  assert.equal(queries.length, 1);
  const [outcome] = await evaluatePairs(byAngle, queries, corpus);
  assert.ok(Math.abs(outcome!.ndcg10 - (1 + 1 / Math.log2(6)) / (1 + 1 / Math.log2(3))) < 1e-9);
});

test('a commit asks for files, wherever in them the best chunk is', async () => {
  const [outcome] = await evaluatePairs(byAngle, judgedQueries([ask('at 1', 1, 'commit')]), corpus);
  assert.equal(outcome?.rank, 1);
});

test('the nearest are the best of all, in order', () => {
  const documents = [50, 10, 30, 20, 40].map((angle) =>
    Float32Array.of(Math.cos(angle / 57.3), Math.sin(angle / 57.3)),
  );
  const found = nearest(Float32Array.of(1, 0), documents, 3);
  assert.deepEqual(
    found.map(({ index }) => index),
    [1, 3, 2],
  );
});
