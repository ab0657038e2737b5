import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { SerializedError } from '../../../src/shared/errors.ts';
import type { SearchResponse } from '../../../src/shared/search.ts';
import { runCli } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const nowhere = 'postgres://nobody:hunter2@127.0.0.1:9/nothing';

test('without its server a shared index costs a notice, not the search; publishing fails, and what was indexed stays', async (t) => {
  const base = temporaryFolder(t);
  const [folder, home] = [path.join(base, 'workspace'), path.join(base, 'home')];
  fs.mkdirSync(folder);
  fs.writeFileSync(
    path.join(folder, 'sum.ts'),
    'export function sum(a: number, b: number): number {\n  return a + b;\n}\n',
  );
  const published = await runCli(['index', folder, '--store', nowhere, '--json'], { home });
  assert.equal(published.code, 1);
  const { error } = JSON.parse(published.stdout) as { error: SerializedError };
  assert.equal(error.code, 'store_offline');
  assert.ok(!published.stdout.includes('hunter2') && !published.stderr.includes('hunter2'));
  const found = await runCli(['search', 'sum', '--dir', folder, '--mode', 'keyword', '--store', nowhere, '--json'], {
    home,
  });
  assert.equal(found.code, 0, found.stderr);
  const response = JSON.parse(found.stdout) as SearchResponse;
  assert.equal(response.results[0]?.path, 'sum.ts');
  assert.match(response.notice ?? '', /this machine only/);
});

test('options of a shared index need one', async (t) => {
  const { code, stdout } = await runCli(['index', '.', '--view', 'x', '--json'], { home: temporaryFolder(t) });
  assert.equal(code, 2);
  assert.match((JSON.parse(stdout) as { error: SerializedError }).error.message, /--store URL/);
  assert.equal(
    (await runCli(['bench', 'team', '--store', 'postgres://127.0.0.1:1/x'], { home: temporaryFolder(t) })).code,
    2,
  );
});
