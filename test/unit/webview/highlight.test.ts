import assert from 'node:assert/strict';
import { test } from 'node:test';
import { matchRanges, segments } from '../../../src/webview/search/code/highlight.ts';

function marked(text: string, ...matches: string[]): string[] {
  return matchRanges(text, matches).map(({ start, end }) => text.slice(start, end));
}

test('words are found whatever their case', () => {
  assert.deepEqual(marked('Session of the session', 'SESSION'), ['Session', 'session']);
});

test('parts of identifiers count, pieces of words do not', () => {
  assert.deepEqual(marked('userId', 'id'), ['Id']);
  assert.deepEqual(marked('user_id and id', 'id'), ['id', 'id']);
  assert.deepEqual(marked('width and hidden', 'id'), []);
  assert.deepEqual(marked('signSession', 'sign', 'session'), ['sign', 'Session']);
});

test('overlapping matches become one', () => {
  assert.deepEqual(marked('signSession(x)', 'session', 'signSession'), ['signSession']);
});

test('empty words and characters whose lower case is longer do no harm', () => {
  assert.deepEqual(marked('abc', ''), []);
  assert.deepEqual(marked('İstanbul istanbul', 'istanbul'), []);
});

test('a line is cut at the borders of tokens and matches', () => {
  const text = 'let x = "a word"; // word';
  const tokens = [
    { start: 0, end: 3, kind: 'keyword' },
    { start: 8, end: 16, kind: 'string' },
    { start: 18, end: 25, kind: 'comment' },
  ] as const;
  const parts = segments(text, { start: 0, end: text.length }, tokens, matchRanges(text, ['word']));
  assert.equal(parts.map((part) => part.text).join(''), text);
  assert.deepEqual(
    parts.filter((part) => part.matched).map((part) => [part.text, part.kind]),
    [
      ['word', 'string'],
      ['word', 'comment'],
    ],
  );
});

test('only what lies in the line is drawn', () => {
  const text = '/* one\ntwo */ three';
  const parts = segments(text, { start: 7, end: text.length }, [{ start: 0, end: 13, kind: 'comment' }], []);
  assert.deepEqual(
    parts.map((part) => [part.text, part.kind]),
    [
      ['two */', 'comment'],
      [' three', null],
    ],
  );
});
