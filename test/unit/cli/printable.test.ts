import assert from 'node:assert/strict';
import { test } from 'node:test';
import { printable } from '../../../src/cli/printable.ts';

test('what a terminal obeys is taken out, all else stays', () => {
  assert.equal(printable('\x1b]52;c;ZXZpbA==\x07copied'), ']52;c;ZXZpbA==copied');
  assert.equal(printable('\u009b31mred\x1b[0m\r\nnext\x7f\0'), '31mred[0m\nnext');
  assert.equal(printable('größe\t→ 語 🙂 e\u0301\n'), 'größe\t→ 語 🙂 e\u0301\n');
});
