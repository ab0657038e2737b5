import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseTarget } from '../../../src/cli/commands/similarCommand.ts';

test('a target names a file and one line or several', () => {
  assert.deepEqual(parseTarget('src/a.ts:12'), { file: 'src/a.ts', startLine: 12, endLine: 12 });
  assert.deepEqual(parseTarget('src/a.ts:12-20'), { file: 'src/a.ts', startLine: 12, endLine: 20 });
  assert.deepEqual(parseTarget('C:\\a:b.ts:3'), { file: 'C:\\a:b.ts', startLine: 3, endLine: 3 });
});

test('anything else is a usage error', () => {
  for (const target of ['', 'a.ts', 'a.ts:', 'a.ts:0', 'a.ts:5-4', ':7', 'a.ts:x']) {
    assert.throws(() => parseTarget(target), { code: 'invalid_argument' }, target);
  }
});
