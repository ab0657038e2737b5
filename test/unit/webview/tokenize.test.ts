import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { maxTokenizedLength, tokenize } from '../../../src/webview/search/code/tokenize.ts';

function shown(text: string, language: string): string[] {
  return tokenize(text, language).map(({ start, end, kind }) => `${kind}:${text.slice(start, end)}`);
}

test('TypeScript', () => {
  assert.deepEqual(shown('const a = `x${1}`; // note', 'typescript'), [
    'keyword:const',
    'string:`x${1}`',
    'comment:// note',
  ]);
});

test('Python: docstrings span lines, numbers are found, names are not keywords', () => {
  assert.deepEqual(shown('def f(x):\n    """Two\n    lines."""\n    return 0x1F + definition', 'python'), [
    'keyword:def',
    'string:"""Two\n    lines."""',
    'keyword:return',
    'number:0x1F',
  ]);
});

test('Rust: a lifetime is no string', () => {
  assert.deepEqual(shown("fn f<'a>(x: &'a str) {}", 'rust'), ['keyword:fn', 'keyword:str']);
});

test('SQL keywords in any case', () => {
  assert.deepEqual(shown("SELECT 'a''b' from t -- all", 'sql'), [
    'keyword:SELECT',
    "string:'a'",
    "string:'b'",
    'keyword:from',
    'comment:-- all',
  ]);
});

test('a quote that is never closed ends with its line', () => {
  assert.deepEqual(shown("it's\nint x", 'c'), ["string:'s", 'keyword:int']);
});

test('a chunk that begins inside a block comment', () => {
  assert.deepEqual(shown(' * Signs a session.\n */\nexport function', 'typescript'), [
    'comment: * Signs a session.\n */',
    'keyword:export',
    'keyword:function',
  ]);
});

test('prose has only code in backticks', () => {
  assert.deepEqual(shown('The 12 cookies are `HttpOnly` for now', 'markdown'), ['string:`HttpOnly`']);
});

test('any text in any language: tokens are in order, inside the text and without overlap', () => {
  const languages = ['typescript', 'python', 'rust', 'sql', 'lua', 'html', 'markdown', 'klingon'];
  const piece = fc.constantFrom(
    '"',
    "'",
    '`',
    '/*',
    '*/',
    '//',
    '#',
    '--',
    '[[',
    ']]',
    '\n',
    '\\',
    'if',
    '12',
    'é',
    '😀',
  );
  const anything = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(anything, fc.constantFrom(...languages), (text, language) => {
      let at = 0;
      for (const { start, end } of tokenize(text, language)) {
        assert.ok(start >= at && end > start && end <= text.length);
        at = end;
      }
    }),
  );
});

test('a very long text is coloured only at its beginning', () => {
  const last = tokenize('if '.repeat(maxTokenizedLength), 'typescript').at(-1)!;
  assert.ok(last.end <= maxTokenizedLength + 3);
});
