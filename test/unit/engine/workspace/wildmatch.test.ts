import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileGlob, toByteString } from '../../../../src/engine/workspace/wildmatch.ts';

function check(pattern: string, matching: readonly string[], other: readonly string[]): void {
  const glob = compileGlob(toByteString(pattern));
  for (const text of matching) assert.equal(glob?.(toByteString(text)), true, `${pattern} matches ${text}`);
  for (const text of other) assert.notEqual(glob?.(toByteString(text)), true, `${pattern} does not match ${text}`);
}

test('stars stop at slashes, double stars between slashes do not', () => {
  check('a*c', ['ac', 'abc'], ['a/c', 'abcd']);
  check('**/a', ['a', 'x/a', 'x/y/a'], ['xa', 'x/ya']);
  check('a/**', ['a/b', 'a/b/c'], ['a', 'ab']);
  check('a/**/b', ['a/b', 'a/x/b', 'a/x/y/b'], ['ab', 'a/xb']);
  check('a**b', ['ab', 'axb'], ['a/b']);
});

test('sets know ranges, negation and classes', () => {
  check('[a-c]', ['a', 'c'], ['d', '-']);
  check('[!a]', ['b'], ['a', '/']);
  check('[]a]', [']', 'a'], ['b']);
  check('[[:digit:][:upper:]]', ['5', 'Q'], ['q', ':']);
  check('[a', [], ['[a', 'a']);
  check('[[:nonsense:]]', [], ['n', ':']);
});

test('a question mark is one byte, as in git', () => {
  check('??', ['ab', 'é'], ['a']);
});

test('hostile patterns cost no more than pattern times path', () => {
  const glob = compileGlob(`${'*a'.repeat(60)}b`);
  const started = process.cpuUsage();
  assert.equal(glob?.('a'.repeat(4000)), false);
  assert.ok(process.cpuUsage(started).user < 2_000_000);
});
