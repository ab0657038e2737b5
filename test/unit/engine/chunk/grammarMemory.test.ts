import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

const measured = path.join(import.meta.dirname, 'support', 'chunkSwift.ts');

test('a grammar with a large lexer does not take gigabytes to compile', () => {
  const maxRssBytes = Number(execFileSync(process.execPath, [measured], { encoding: 'utf8' }));
  // 110 MB; 1.3 GB where V8 optimises the lexer of Swift.
  assert.ok(maxRssBytes < 400e6, `${Math.round(maxRssBytes / 1e6)} MB`);
});
