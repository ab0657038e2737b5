import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ChunkPool } from '../../../../src/engine/index/chunkPool.ts';

const pool = new ChunkPool();
after(() => pool.dispose());

const deep = 10_000;
/** Input that breaks recursive walkers, greedy regular expressions and parsers without a limit. */
const hostile: readonly (readonly [name: string, text: string])[] = [
  ['brackets.ts', '('.repeat(deep) + '1' + ')'.repeat(deep)],
  ['brackets.json', '['.repeat(deep) + ']'.repeat(deep)],
  ['functions.js', 'function a() {\n'.repeat(deep) + '}\n'.repeat(deep)],
  ['classes.java', 'class A {\n'.repeat(deep) + '}\n'.repeat(deep)],
  ['blocks.c', '{'.repeat(deep) + '}'.repeat(deep)],
  ['sum.js', Array.from({ length: deep }, () => '"a"').join(' +\n')],
  ['unclosed.rb', '[{'.repeat(deep)],
  ['templates.cpp', 'a<'.repeat(deep)],
  ['markup.html', '<div>'.repeat(deep)],
  ['quotes.py', '"""'.repeat(deep + 1)],
  ['oneLine.js', 'a '.repeat(500_000)],
  ['oneLine.md', '# '.repeat(500_000)],
  ['oneLine.rst', '='.repeat(500_000)],
  ['oneLine.adoc', '= '.repeat(500_000)],
  ['oneLine.sql', "'".repeat(250_001)],
  ['oneLine.yaml', 'a: '.repeat(300_000)],
  ['indent.py', Array.from({ length: 2000 }, (_, i) => `${' '.repeat(i)}if a:`).join('\n')],
  ['quotes.md', '>'.repeat(200_000)],
  ['stars.c', `/*${'*'.repeat(300_000)}\n */\nint main(void) { return 0; }\n`],
  ['surrogates.txt', '\ud800'.repeat(10_000)],
  ['notebook.ipynb', `{"cells": ${'['.repeat(deep)}`],
  ['cells.ipynb', '{"cells":[{"cell_type":"code","source":[1,null,{}]},{"source":"a\\n\\nb"},7],"metadata":[]}'],
];

for (const [name, text] of hostile) {
  test(`${name} is chunked in full`, async () => {
    const file = await pool.chunk(name, text);
    assert.ok(file.chunks.length > 0);
    if (name === 'cells.ipynb') return;
    assert.equal(
      file.chunks.map((chunk) => chunk.text.replace(/\s/g, '')).join('').length,
      text.replace(/\s/g, '').length,
    );
    assert.equal((await pool.chunk('sane.ts', 'const a = () => 1;\n')).degraded, undefined);
  });
}

test('rules of dashes and slashes in comments cost no time', async () => {
  const text = `#ifdef A\nint a;\n#endif  // ${'-'.repeat(120)}\nint b;\n}  ${'/'.repeat(120)}\nint c;\n`;
  const file = await pool.chunk('rules.cpp', text);
  assert.equal(file.degraded, undefined);
});
