import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkFile } from '../../../../src/engine/chunk/chunkFile.ts';
import { limits } from '../../../../src/engine/chunk/limits.ts';

const statement = '  registry.register(name, options, callback);\n';

async function outline(path: string, text: string): Promise<string[]> {
  const { chunks } = await chunkFile({ path, text });
  return chunks.map(({ startLine, endLine, kind, symbol, definition }) =>
    [`${startLine}-${endLine}`, definition ? kind : `${kind}?`, symbol].join(' ').trim(),
  );
}

test('a function that fits stays whole, one that does not is cut between statements', async () => {
  const make = (lines: number) => `function f() {\n${statement.repeat(lines)}}\n`;
  assert.deepEqual(await outline('a.js', make(30)), ['1-32 function f']);
  const { chunks } = await chunkFile({ path: 'a.js', text: make(200) });
  assert.ok(chunks.length >= 6);
  for (const [i, chunk] of chunks.entries()) {
    assert.equal(chunk.symbol, 'f');
    assert.equal(chunk.definition, i === 0);
    assert.ok(chunk.text.length < limits.target * 1.6 && chunk.text.length > limits.target * 0.5);
  }
});

test('statements are not torn from the comments above them, nor cut inside', async () => {
  const step = `  // Explains the next call at some length, because it matters.\n  register({\n    name,\n    options,\n  });\n`;
  const { chunks } = await chunkFile({ path: 'a.ts', text: `function f() {\n${step.repeat(60)}}\n` });
  assert.ok(chunks.length > 3);
  for (const chunk of chunks.slice(1)) assert.match(chunk.text, /^ {2}\/\/ Explains/);
});

test('a large class becomes its head and its members', async () => {
  const method = (name: string) => `\n  /** Does ${name}. */\n  ${name}() {\n  ${statement.repeat(8)}  }\n`;
  const text = `/** About it. */\nexport class Store {\n  size = 0;\n  readonly name = 'a';\n${['one', 'two', 'three'].map(method).join('')}}\n`;
  assert.deepEqual(await outline('a.ts', text), [
    '1-4 class Store',
    '6-16 method Store.one',
    '18-28 method Store.two',
    '30-41 method Store.three',
  ]);
});

test('considerable functions inside a large one become pieces of their own', async () => {
  const inner = (name: string) => `  function ${name}() {\n${`  ${statement}`.repeat(14)}  }\n`;
  const text = `function factory() {\n  const state = {};\n${inner('first')}${inner('second')}${inner('third')}  return first;\n}\n`;
  const lines = await outline('a.js', text);
  assert.deepEqual(
    lines.map((line) => line.replace(/^\S+ /, '')),
    [
      'function factory',
      'function factory.first',
      'function factory.second',
      'function factory.third',
      'function? factory',
    ],
  );
});

test('imports and constants form groups, and every name is kept', async () => {
  const imports = Array.from({ length: 6 }, (_, i) => `import { a${i} } from './a${i}.ts';`).join('\n');
  const constants = Array.from({ length: 4 }, (_, i) => `export const limit${i} = ${i};`).join('\n');
  const text = `${imports}\n\n${constants}\n\nexport function f() {\n${statement.repeat(8)}}\n`;
  assert.deepEqual(await outline('a.ts', text), [
    '1-6 block?',
    '8-11 constant limit0, limit1, limit2, limit3',
    '13-22 function f',
  ]);
  const { symbols } = await chunkFile({ path: 'a.ts', text });
  assert.deepEqual(
    symbols.map(({ name }) => name),
    ['limit0', 'limit1', 'limit2', 'limit3', 'f'],
  );
});

test('editing one function leaves the chunks of the others alone', async () => {
  const make = (word: string) =>
    ['a', 'b', 'c']
      .map((name) => `function ${name}() {\n${statement.repeat(6)}  ${name === 'b' ? word : ''}\n}\n`)
      .join('\n');
  const texts = async (text: string) => (await chunkFile({ path: 'a.js', text })).chunks.map((chunk) => chunk.text);
  const before = await texts(make('return 1;'));
  const after = await texts(make('return 2;\n  done();'));
  assert.equal(before.length, 3);
  assert.deepEqual([after[0], after[2]], [before[0], before[2]]);
  assert.notEqual(after[1], before[1]);
});

test('unknown text is cut into windows', async () => {
  const text = Array.from({ length: 300 }, (_, i) => `value ${i} of something unknown`).join('\n');
  const { chunks } = await chunkFile({ path: 'a.unknown', text });
  assert.ok(chunks.length >= 6 && chunks.length <= 12);
});
