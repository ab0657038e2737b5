import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { runCli, type CliResult } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

interface Item {
  readonly id: string;
  readonly text: string;
  readonly label: string;
  readonly scores: Readonly<Record<string, number>>;
  readonly skipped?: string;
  readonly words?: readonly { readonly text: string }[];
}

function json(result: CliResult): Record<string, unknown> {
  assert.equal(result.code, 0, result.stderr);
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

function file(t: TestContext, name: string, content: string): string {
  const at = path.join(temporaryFolder(t), name);
  writeFileSync(at, content);
  return at;
}

test('one text, with the words that weighed', async (t) => {
  const home = temporaryFolder(t);
  const result = await runCli(['sentiment', 'text', 'I hate this awful API', '--explain', '--json'], { home });
  const { items, summary } = json(result) as { items: Item[]; summary: Record<string, number> };
  assert.equal(items.length, 1);
  assert.equal(items[0]!.label, 'negative');
  assert.ok(items[0]!.words!.some(({ text }) => text === 'awful'));
  assert.deepEqual(summary, { total: 1, negative: 1, neutral: 0, positive: 0, skipped: 0 });
});

test('texts of a file keep their order and say why they are skipped', async (t) => {
  const home = temporaryFolder(t);
  const input = file(t, 'texts.jsonl', '{"text":"Thanks, great work!"}\n{"text":""}\n{"text":"Merge branch \'x\'"}\n');
  const result = await runCli(['sentiment', 'text', '--input', input, '--as', 'commit', '--json'], { home });
  const { items } = json(result) as { items: Item[] };
  assert.deepEqual(
    items.map(({ label, skipped }) => skipped ?? label),
    ['positive', 'empty', 'merge'],
  );
});

test('eval measures labelled texts', async (t) => {
  const home = temporaryFolder(t);
  const data = file(
    t,
    'data.csv',
    'text,label\nI hate this awful API,negative\nrename a variable,0\n"Thanks, great!",positive\n',
  );
  const figures = json(await runCli(['sentiment', 'eval', '--data', data, '--json'], { home }));
  assert.equal(figures['accuracy'], 1);
  assert.equal(figures['macroF1'], 1);
  assert.equal(figures['weightedF1'], 1);
  const perClass = figures['perClass'] as Record<string, { support: number }>;
  assert.deepEqual(
    Object.entries(perClass).map(([label, { support }]) => [label, support]),
    [
      ['negative', 1],
      ['neutral', 1],
      ['positive', 1],
    ],
  );
});

test('train writes a model that classifies', async (t) => {
  const home = temporaryFolder(t);
  const things = Array.from(
    { length: 40 },
    (_, index) => `part ${String.fromCharCode(97 + (index % 26))}${index} of it`,
  );
  const rows = things.flatMap((thing) => [
    { text: `I hate ${thing}`, label: 'negative' },
    { text: `rename ${thing}`, label: 'neutral' },
    { text: `I love ${thing}`, label: 'positive' },
  ]);
  // Numbers read alike, so letters have to tell the texts apart.
  const data = file(
    t,
    'data.jsonl',
    rows.map((row) => JSON.stringify({ ...row, text: row.text.replace(/\d/g, spelled) })).join('\n'),
  );
  const out = path.join(home, 'mine');
  const run = ['sentiment', 'train', '--data', data, '--out', out, '--epochs', '1', '--json'];
  const result = json(await runCli(run, { home })) as {
    texts: { train: number; eval: number };
    after: { macroF1: number };
  };
  assert.equal(result.texts.train + result.texts.eval, rows.length);
  assert.ok(result.after.macroF1 > 0.9);
  const text = await runCli(['sentiment', 'text', 'I hate part zz of it', '--model', out, '--json'], { home });
  assert.equal((json(text) as { items: Item[] }).items[0]!.label, 'negative');
});

function spelled(digit: string): string {
  return 'abcdefghij'[Number(digit)]!;
}

test('wrong words and wrong data are told apart by the exit code', async (t) => {
  const home = temporaryFolder(t);
  const empty = file(t, 'empty.jsonl', '');
  const few = file(t, 'few.jsonl', '{"text":"a","label":"neutral"}\n');
  for (const [args, code, message] of [
    [['sentiment', 'dance'], 2, /takes commits, issues, text, eval, train/],
    [['sentiment', 'text'], 2, /needs a TEXT/],
    [['sentiment', 'eval'], 2, /--data FILE is missing/],
    [['sentiment', 'text', 'a', '--as', 'poem'], 2, /--as is one of commit, issue, comment/],
    [['sentiment', 'eval', '--data', path.join(home, 'none.jsonl')], 1, /cannot be read/],
    [['sentiment', 'eval', '--data', empty], 1, /holds no texts/],
    [['sentiment', 'train', '--data', few, '--out', path.join(home, 'x')], 1, /have no negative/],
  ] as const) {
    const result = await runCli(args, { home });
    assert.equal(result.code, code, args.join(' '));
    assert.match(result.stderr, message);
  }
});
