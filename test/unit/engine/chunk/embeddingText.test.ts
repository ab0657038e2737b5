import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chunkFile } from '../../../../src/engine/chunk/chunkFile.ts';
import { embeddingText } from '../../../../src/engine/chunk/embeddingText.ts';

/** The embedding text of the chunk that defines a symbol. */
async function check(path: string, text: string, symbol: string, expected: string): Promise<void> {
  const { chunks } = await chunkFile({ path, text });
  const chunk = chunks.find((candidate) => candidate.symbol === symbol);
  assert.ok(chunk, `no chunk for ${symbol} among ${chunks.map((candidate) => candidate.symbol).join()}`);
  assert.equal(embeddingText(path, chunk), expected);
}

test('the documentation comment is said once, in plain words, before the code', () =>
  check(
    'src/math.ts',
    '/**\n * Adds two numbers.\n * @param a the first\n */\nexport function add(a: number, b: number) {\n  return a + b;\n}\n',
    'add',
    'src/math.ts\nadd\nAdds two numbers.\n@param a the first\nexport function add(a: number, b: number) {\n  return a + b;\n}',
  ));

test('decorators stay, comment lines of any language go', () =>
  check(
    'a.py',
    '# Loads it.\n# Slowly.\n@cached\ndef load(path):\n    """Docstring wins."""\n    return open(path)\n',
    'load',
    'a.py\nload\n@cached\ndef load(path):\n    """Docstring wins."""\n    return open(path)'.replace(
      'load\n@',
      'load\nDocstring wins.\n@',
    ),
  ));

test('members lose their indentation and keep their class', () => {
  const members = ['open', 'close', 'read'].map(
    (name) =>
      `    public int ${name}(String path) {\n${'        step(path, "something long enough");\n'.repeat(12)}        return 1;\n    }\n`,
  );
  return check(
    'F.java',
    `class F {\n${members.join('\n')}}\n`,
    'F.read',
    `F.java\nF.read\n${members[2]!.replace(/^ {4}/gm, '').trimEnd()}\n}`,
  );
});

test('a piece without its beginning carries the signature', async () => {
  const body = Array.from({ length: 120 }, (_, i) => `  total += weigh(input[${i}], options);`).join('\n');
  const text = `export function sum(input: number[]) {\n  let total = 0;\n${body}\n  return total;\n}\n`;
  const { chunks } = await chunkFile({ path: 'sum.ts', text });
  assert.ok(chunks.length > 2);
  const [first, second] = chunks;
  assert.ok(first!.definition && !second!.definition);
  assert.match(embeddingText('sum.ts', first!), /^sum\.ts\nsum\nexport function sum\(input: number\[\]\) \{\n/);
  assert.match(embeddingText('sum.ts', second!), /^sum\.ts\nsum\nexport function sum\(input: number\[\]\)\ntotal \+= /);
});

test('sections carry their heading path', () =>
  check(
    'README.md',
    `# Tool\n\n${'Words about the tool. '.repeat(30)}\n\n## Install\n\n${'Words about installing. '.repeat(30)}\n`,
    'Tool > Install',
    `README.md\nTool > Install\n## Install\n\n${'Words about installing. '.repeat(30).trimEnd()}`,
  ));
