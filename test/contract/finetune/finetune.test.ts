import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import type { FinetuneResult, FinetuneRun, FinetuneSettings } from '../../../src/shared/finetune.ts';
import { documentedWorkplace } from '../../support/documentedWorkplace.ts';
import { runCli } from '../../support/runCli.ts';
import { waitFor } from '../../support/waitFor.ts';

const cli = path.join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
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

test('hidden tokens are filled in before the pairs, which a kill does not undo; leading columns are trained apart', async (context) => {
  const { folder, home } = documentedWorkplace(context);
  const args = ['--masked-epochs', '1', '--masked-lr', '2e-4', '--matryoshka', '96:0.5', '--epochs', '1', '--keep-old'];
  assert.equal((await runCli(['index', folder, '--json'], { home })).code, 0);
  const wide = await runCli(['finetune', folder, '--matryoshka', '4096', '--json'], { home });
  assert.match(wide.stdout, /"code":"invalid_argument".*embeddings have 384/);
  // A run that failed before it learnt anything is started again with settings that can be.
  const [refused] = fs.readdirSync(path.join(home, 'finetune'));
  const child = spawn(process.execPath, [cli, 'finetune', '--resume', refused!, '--no-refresh', ...args, '--json'], {
    env: { ...process.env, SEXTANT_HOME: home },
    stdio: 'ignore',
  });
  const closed = once(child, 'close');
  const curves = (): string[] => fs.globSync('finetune/*/curve.jsonl', { cwd: home });
  const curve = (): string => fs.readFileSync(path.join(home, curves()[0]!), 'utf8');
  await waitFor('a step of training', () => curves().length === 1 && curve().includes('"loss"'), 180_000);
  child.kill('SIGKILL');
  await closed;
  const maskedRows = (): string[] =>
    curve()
      .split('\n')
      .filter((line) => line.includes('maskedLoss'));
  const learnt = maskedRows();
  assert.ok(learnt.length > 1);

  const id = path.basename(path.dirname(curves()[0]!));
  const resumed = await runCli(['finetune', '--resume', id, '--keep-old', '--json'], { home });
  assert.equal(resumed.code, 0, resumed.stderr);
  assert.deepEqual(maskedRows(), learnt, 'what was learnt is not learnt again');
  const { model, settings, leading } = JSON.parse(resumed.stdout) as FinetuneResult & {
    model: string;
    settings: FinetuneSettings;
  };
  assert.deepEqual(
    leading?.map(({ dimension }) => dimension),
    [96],
  );
  assert.ok(leading[0]!.after.ndcg10 > 0.5, JSON.stringify(leading));
  assert.deepEqual([settings.maskedEpochs, settings.matryoshka], [1, [{ dimension: 96, weight: 0.5 }]]);
  const manifest = JSON.parse(fs.readFileSync(path.join(model, 'sextant.json'), 'utf8')) as { matryoshka: number[] };
  assert.deepEqual(manifest.matryoshka, [384, 128, 96, 64]);
  assert.deepEqual(fs.globSync('finetune/*/*adapted*', { cwd: home }), []);
  const { runs } = JSON.parse((await runCli(['finetune', '--list', '--json'], { home })).stdout) as {
    runs: FinetuneRun[];
  };
  const { maskedLoss, loss } = runs[0]!;
  assert.deepEqual([maskedLoss.length, maskedLoss[0]!.step, loss[0]!.step], [learnt.length, 1, 1]);
});
