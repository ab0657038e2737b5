import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test, { type TestContext } from 'node:test';
import { AddedToken, bertProcessing, Tokenizer, whitespaceSplitPreTokenizer, WordLevel } from 'tokenizers';
import { runCli } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { referenceHeads, safetensors } from '../../unit/engine/runtime/referenceModel.ts';

const special = ['[CLS]', '[SEP]', '[UNK]', '[MASK]'];

/** A tiny model with the head of a task; its words are w0 to w96, but for four special ones. */
function headModel(context: TestContext, family: string, task: string): string {
  const { config, heads } = referenceHeads(`heads-${family}`);
  const folder = path.join(temporaryFolder(context), 'model');
  mkdirSync(folder);
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'model.safetensors'), safetensors(heads[task]!.tensors));
  const words = Array.from({ length: 97 }, (_, id) => [special[id - 2] ?? `w${id}`, id] as const);
  const tokenizer = new Tokenizer(WordLevel.init(Object.fromEntries(words), { unkToken: '[UNK]' }));
  tokenizer.setPreTokenizer(whitespaceSplitPreTokenizer());
  tokenizer.addSpecialTokens(special);
  tokenizer.addAddedTokens(special.map((token) => new AddedToken(token, true)));
  tokenizer.setPostProcessor(bertProcessing(['[SEP]', 3], ['[CLS]', 2]));
  tokenizer.save(path.join(folder, 'tokenizer.json'));
  return folder;
}

async function modelRun(context: TestContext, model: string, ...args: string[]): Promise<Record<string, unknown>> {
  const home = temporaryFolder(context);
  const { code, stdout, stderr } = await runCli(['model', 'run', '--model', model, ...args, '--json'], { home });
  assert.equal(code, 0, stdout + stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}

test('every task of every family answers', async (t) => {
  const modernBert = 'modernbert';
  await t.test('fill-mask', async (context) => {
    for (const family of [modernBert, 'bert', 'roberta', 'distilbert']) {
      const model = headModel(context, family, 'fill-mask');
      const { masks } = await modelRun(context, model, '--task', 'fill-mask', '--text', 'w7 [MASK] w9', '--top', '3');
      const [mask, ...more] = masks as { position: number; candidates: { token: string; score: number }[] }[];
      assert.equal(more.length, 0);
      assert.equal(mask!.position, 2);
      const scores = mask!.candidates.map(({ score }) => score);
      assert.equal(scores.length, 3);
      assert.deepEqual(
        scores,
        scores.toSorted((a, b) => b - a),
      );
    }
  });
  await t.test('token-classify', async (context) => {
    const model = headModel(context, 'distilbert', 'token-classify');
    const { tokens } = await modelRun(context, model, '--task', 'token-classify', '--text', 'w7 w80 w9');
    const found = tokens as { token: string; start: number; end: number; label: string; score: number }[];
    assert.deepEqual(
      found.map(({ token, start, end }) => [token, start, end]),
      [
        ['w7', 0, 2],
        ['w80', 3, 6],
        ['w9', 7, 9],
      ],
    );
    for (const { label, score } of found) {
      assert.match(label, /^LABEL_[012]$/);
      assert.ok(score >= 1 / 3 && score <= 1);
    }
  });
  await t.test('qa', async (context) => {
    const model = headModel(context, modernBert, 'qa');
    const context_ = 'w20 w21 w22 w23';
    const { answers } = await modelRun(context, model, '--task', 'qa', '--text', 'w7 w8', '--pair', context_);
    const found = answers as { answer: string; start: number; end: number; score: number }[];
    assert.equal(found.length, 5);
    for (const { answer, start, end } of found) assert.equal(context_.slice(start, end), answer);
  });
  await t.test('nsp', async (context) => {
    const model = headModel(context, 'bert', 'nsp');
    const { isNext } = await modelRun(context, model, '--task', 'nsp', '--text', 'w7', '--pair', 'w9');
    assert.ok(typeof isNext === 'number' && isNext > 0 && isNext < 1);
  });
  await t.test('multiple-choice', async (context) => {
    const model = headModel(context, 'roberta', 'multiple-choice');
    const args = ['--task', 'multiple-choice', '--text', 'w7', '--pair', 'w9', '--pair', 'w10 w11', '--pair', 'w12'];
    const { choices } = await modelRun(context, model, ...args);
    const found = choices as { choice: string; score: number }[];
    assert.deepEqual(
      found.map(({ choice }) => choice),
      ['w9', 'w10 w11', 'w12'],
    );
    assert.ok(Math.abs(found.reduce((sum, { score }) => sum + score, 0) - 1) < 1e-6);
  });
  await t.test('embed, hidden-states and attention', async (context) => {
    const model = headModel(context, modernBert, 'qa');
    const { embedding } = await modelRun(context, model, '--task', 'embed', '--text', 'w7 w8');
    assert.ok(Math.abs(Math.hypot(...(embedding as number[])) - 1) < 1e-5);
    const states = await modelRun(context, model, '--task', 'hidden-states', '--text', 'w7 w8');
    assert.deepEqual(states['tokens'], ['[CLS]', 'w7', 'w8', '[SEP]']);
    assert.equal((states['hiddenStates'] as unknown[]).length, 5);
    const last = states['lastHiddenState'] as number[][];
    assert.equal(last[3]!.length, 64);
    const means = last[0]!.map((_, column) => last.reduce((sum, row) => sum + row[column]! / last.length, 0));
    for (const [column, value] of (states['pooled'] as number[]).entries()) {
      assert.ok(Math.abs(value - means[column]!) < 1e-5);
    }
    const { layers } = await modelRun(context, model, '--task', 'attention', '--text', 'w7 w8');
    const found = layers as { window?: number; heads: number[][][] }[];
    assert.deepEqual(
      found.map(({ window }) => window),
      [undefined, 64, 64, undefined],
    );
    for (const { heads } of found) {
      for (const row of heads.flat()) assert.ok(Math.abs(row.reduce((a, b) => a + b, 0) - 1) < 1e-5);
    }
  });
});

test('a task that the model or the words do not allow is refused in words', async (t) => {
  const model = headModel(t, 'modernbert', 'qa');
  const home = temporaryFolder(t);
  const refused = async (code: number, pattern: RegExp, ...args: string[]): Promise<void> => {
    const result = await runCli(['model', 'run', '--model', model, ...args], { home });
    assert.equal(result.code, code, result.stdout);
    assert.match(result.stderr, pattern);
  };
  await refused(1, /no head for nsp/, '--task', 'nsp', '--text', 'w7', '--pair', 'w8');
  await refused(1, /no usable head for fill-mask/, '--task', 'fill-mask', '--text', '[MASK]');
  await refused(2, /qa takes one --pair/, '--task', 'qa', '--text', 'w7');
  await refused(2, /Usage: sextant model run/, '--task', 'qa');
  await refused(2, /--task is one of/, '--task', 'dream', '--text', 'w7');
});
