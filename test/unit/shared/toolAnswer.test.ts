import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { HistoryItem } from '../../../src/shared/history.ts';
import type { SearchResponse, SearchResult } from '../../../src/shared/search.ts';
import { estimateTokens, searchAnswer, type AnswerOptions, type ToolResult } from '../../../src/shared/toolAnswer.ts';
import type { ToolHistoryItem } from '../../../src/shared/toolHistory.ts';
import { excerptOf } from '../../../src/shared/toolExcerpt.ts';

const root = 'file:///harbour';

function result(index: number, lines: number, text?: string): SearchResult {
  const body = Array.from({ length: lines - 2 }, (_, line) => `  const step${line} = moor(${index}, ${line});`);
  return {
    root,
    path: `src/part${index}.ts`,
    startLine: 10,
    endLine: 9 + lines,
    chunkId: index,
    language: 'typescript',
    kind: 'function',
    symbol: `Quay.berth${index}`,
    signature: '',
    score: 1 / (index + 1),
    signals: {},
    matches: ['moor'],
    text: text ?? [`function berth${index}() {`, ...body, '}'].join('\n'),
  };
}

function response(results: readonly SearchResult[], more: Partial<SearchResponse> = {}): SearchResponse {
  const tookMs = { embed: 0, search: 0, total: 0 };
  return { query: 'where are ships moored', mode: 'hybrid', tookMs, results, more: false, embeddedShare: 1, ...more };
}

const options = (budget: number, more: Partial<AnswerOptions> = {}): AnswerOptions => ({
  folders: [{ uri: root, path: '/harbour', name: 'harbour' }],
  budget,
  countTokens: estimateTokens,
  countStructured: true,
  state: [],
  title: 'Results.',
  ...more,
});

describe('an answer for an agent', () => {
  it('never takes more than its budget, in either form, whatever that is', async () => {
    const results = Array.from({ length: 20 }, (_, index) => result(index, 5 + index * 6));
    for (const budget of [200, 300, 500, 1000, 3000, 20_000]) {
      const { text, structured } = await searchAnswer(response(results), options(budget));
      assert.ok(estimateTokens(text) <= budget, `${budget}: ${estimateTokens(text)}`);
      assert.ok(estimateTokens(JSON.stringify(structured)) <= budget);
      assert.ok((structured['results'] as ToolResult[]).length > 0, `${budget}`);
    }
  });

  it('keeps to the budget of a tokenizer that counts joined texts higher than their parts', async () => {
    const countTokens = (text: string): number => Math.ceil(text.length / 2) + text.split('\n\n').length * 7;
    const results = Array.from({ length: 12 }, (_, index) => result(index, 30));
    for (const budget of [250, 700, 2500]) {
      const asked = options(budget, {
        countTokens: (text) => Promise.resolve(countTokens(text)),
        countStructured: false,
      });
      const { text } = await searchAnswer(response(results), asked);
      assert.ok(countTokens(text) <= budget);
    }
  });

  it('names every place before it shows code, and says how many did not fit', async () => {
    const results = Array.from({ length: 10 }, (_, index) => result(index, 40));
    const tight = await searchAnswer(response(results), options(420));
    const places = tight.structured['results'] as ToolResult[];
    assert.equal(places.length + (tight.structured['omitted'] as number), 10);
    assert.match(tight.text, /more did not fit into the budget of 420 tokens/);
    const roomy = await searchAnswer(response(results), options(1500));
    assert.equal((roomy.structured['results'] as ToolResult[]).length, 10);
    assert.match(roomy.text, /src\/part0\.ts:10-49 {2}function Quay\.berth0\n {2}function berth0/);
    assert.match(roomy.text, /src\/part9\.ts:10-49/);
  });

  it('shows whole pieces where there is room', async () => {
    const { text } = await searchAnswer(response([result(0, 12)]), options(4000));
    for (let line = 0; line < 10; line += 1) assert.ok(text.includes(`step${line} `), text);
    assert.ok(!text.includes('…'));
  });

  it('says that the index is partial, first of all, and in the structured form', async () => {
    const state = ['The index is partial: 12 %.'];
    const { text, structured } = await searchAnswer(response([result(0, 4)]), options(1000, { state }));
    assert.equal(text.split('\n')[1], state[0]);
    assert.equal(structured['complete'], false);
    assert.deepEqual(structured['state'], state);
  });

  it('puts the folder’s name before paths when there are several', async () => {
    const folders = [...options(1).folders, { uri: 'file:///quay', path: '/quay', name: 'quay' }];
    const { structured } = await searchAnswer(response([result(0, 4)]), options(1000, { folders }));
    assert.equal((structured['results'] as ToolResult[])[0]!.path, 'harbour/src/part0.ts');
  });

  it('names a place whose code is withheld, and says why it is not shown', async () => {
    const secret: SearchResult = { ...result(0, 4, ''), symbol: '', withheld: true };
    const { text, structured } = await searchAnswer(response([secret, result(1, 4)]), options(1000));
    assert.match(text, /src\/part0\.ts:10-13 {2}\(not shown: it may hold a secret\)\n\nsrc\/part1/);
    const [first] = structured['results'] as ToolResult[];
    assert.deepEqual([first!.withheld, first!.code], [true, undefined]);
  });

  it('tells of commits by name, day, subject and files', async () => {
    const history: HistoryItem = {
      id: 1,
      kind: 'commit',
      key: '0123456789abcdef0123456789abcdef01234567',
      source: '',
      title: 'Moor at both ends',
      body: Array.from({ length: 40 }, (_, line) => `Reason ${line}.`).join('\n'),
      author: 'Ada',
      at: 1_700_000_000,
      merge: false,
      labels: [],
      files: Array.from({ length: 20 }, (_, index) => `src/part${index}.ts`),
      fileCount: 31,
    };
    const commit: SearchResult = { ...result(0, 4), path: history.key, history };
    const { text, structured } = await searchAnswer(response([commit]), options(400));
    assert.match(text, /^0123456789ab {2}2023-11-14 {2}Moor at both ends\n {2}Reason 0\./m);
    assert.match(text, /files: src\/part0\.ts, .*, and 23 more$/m);
    assert.ok(!text.includes('Ada'));
    assert.ok(estimateTokens(text) <= 400);
    const [item] = structured['results'] as ToolHistoryItem[];
    assert.deepEqual([item!.id, item!.date, item!.files!.length], ['0123456789ab', '2023-11-14', 8]);
  });

  it('says so when nothing is found', async () => {
    const { text } = await searchAnswer(response([]), options(300));
    assert.match(text, /Nothing found/);
  });
});

describe('an excerpt', () => {
  const text = [
    '@decorated',
    'export function load() {',
    ...Array.from({ length: 30 }, (_, i) => `  line${i}();`),
    '  anchor(chain);',
    '}',
  ].join('\n');

  it('is all of a short text, without its indentation', () => {
    assert.deepEqual(excerptOf('    a\n      b\n\n', '', [], 5), { code: 'a\n  b', hidden: 0 });
  });

  it('has the definition and the lines with the words that matched', () => {
    const { code, hidden } = excerptOf(text, 'Fleet.load', ['anchor'], 3);
    assert.equal(code, '…\nexport function load() {\n…\n  anchor(chain);\n}');
    assert.equal(hidden, 31);
  });

  it('never has more lines than asked for, nor endless ones', () => {
    for (const most of [1, 2, 7, 20]) {
      const shown = excerptOf(text, 'load', ['line'], most)
        .code.split('\n')
        .filter((line) => line !== '…');
      assert.ok(shown.length <= most);
    }
    assert.ok(excerptOf('x'.repeat(5000), '', [], 5).code.length < 300);
  });
});
