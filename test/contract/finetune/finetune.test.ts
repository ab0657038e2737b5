import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { documentedWorkplace } from '../../support/documentedWorkplace.ts';
import { runCli } from '../../support/runCli.ts';

const short = ['--epochs', '2', '--batch', '32', '--negatives', '0', '--keep-old', '--json'];

test('pairs that a person edited are what is trained on; a bad line is named', async (context) => {
  const { folder, home } = documentedWorkplace(context);
  const pairs = path.join(home, '..', 'pairs.jsonl');
  assert.equal((await runCli(['pairs', folder, '--out', pairs, '--json'], { home })).code, 0);
  fs.appendFileSync(pairs, '{"query": 7}\n');
  const refused = await runCli(['finetune', folder, '--pairs', pairs, ...short], { home });
  assert.equal(refused.code, 1);
  assert.match(refused.stdout, /is no pair: query/);
  const few = fs.readFileSync(pairs, 'utf8').split('\n').slice(0, 20).join('\n');
  fs.writeFileSync(pairs, few);
  const little = await runCli(['finetune', folder, '--pairs', pairs, ...short], { home });
  assert.match(little.stdout, /"code":"too_little_data"/);
});
