import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchRanges } from '../../../src/webview/search/code/highlight.ts';
import { maxLineLength, snippet, wholeSnippet } from '../../../src/webview/search/code/snippet.ts';

const code = `/**
 * Reads a cookie back.
 */
  export function verify(cookie: string) {
    const parts = cookie.split('.');
    if (parts.length !== 4) return null;
    const mac = sign(parts);

    return equal(mac, parts[3]);
  }`;

function shown(matches: string[], declaration: string, limit = 3) {
  return snippet(code, 40, matchRanges(code, matches), declaration, limit).map(({ start, end, number, gap }) => ({
    line: code.slice(start, end),
    number,
    gap,
  }));
}

test('the declaring line and those with most matched words, in order, with gaps', () => {
  assert.deepEqual(shown(['mac', 'sign'], 'verify', 2), [
    { line: 'export function verify(cookie: string) {', number: 43, gap: false },
    { line: '  const mac = sign(parts);', number: 46, gap: true },
  ]);
});

test('without any match: from the declaration on', () => {
  assert.deepEqual(
    shown([], 'verify').map(({ number }) => number),
    [43, 44, 45],
  );
});

test('without a name: from the first line that says something', () => {
  assert.deepEqual(
    shown([], '').map(({ number }) => number),
    [41, 43, 44],
  );
});

test('lines without a word are no gap', () => {
  assert.deepEqual(
    shown([], '').map(({ gap }) => gap),
    [false, false, false],
  );
});

test('the shared indentation is taken away, not more', () => {
  const [first, second] = shown([], 'verify', 2);
  assert.ok(first!.line.startsWith('export'));
  assert.ok(second!.line.startsWith('  const'));
});

test('Windows line ends are not shown, long lines are cut, empty texts are empty', () => {
  const text = `a\r\n${'b'.repeat(5000)}\r\n`;
  const lines = wholeSnippet(text, 1, 10);
  assert.deepEqual(
    lines.map(({ start, end }) => end - start),
    [1, maxLineLength],
  );
  assert.deepEqual(snippet('', 1, [], '', 3), []);
});
