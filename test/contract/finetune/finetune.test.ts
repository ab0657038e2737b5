import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import type { FinetuneRun } from '../../../src/shared/finetune.ts';
import { runCli } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { waitFor } from '../../support/waitFor.ts';

const verbs = ['opens', 'closes', 'counts', 'merges', 'splits', 'sorts', 'paints', 'weighs', 'folds', 'sends'];
const things = ['otter', 'bridge', 'ledger', 'window', 'harbour', 'lantern', 'orchard', 'kettle', 'anchor', 'meadow'];
const places = ['north', 'south', 'upper'];

/** Documented functions, enough to learn from and to judge by. */
function write(folder: string): void {
  fs.mkdirSync(folder, { recursive: true });
  for (const place of places) {
    for (const verb of verbs) {
      const functions = things.map(
        (thing, index) => `/** ${verb} the ${thing} of the ${place} shore when ${things[(index + 3) % 10]!} asks. */
export function ${verb}${thing[0]!.toUpperCase()}${thing.slice(1)}(values: number[]): number {
  let total = values.length * ${index};
  for (const value of values) total += value * ${verb.length} + ${thing.length};
  const ${thing}${place} = total - values.indexOf(${index});
  if (${thing}${place} > 100) return ${thing}${place} - 100;
  return total;
}
`,
      );
      fs.writeFileSync(path.join(folder, `${place}-${verb}.ts`), functions.join('\n'));
    }
  }
}

function workplace(context: TestContext): { folder: string; home: string } {
  const base = temporaryFolder(context);
  write(path.join(base, 'workspace'));
  return { folder: path.join(base, 'workspace'), home: path.join(base, 'home') };
}

const short = ['--epochs', '2', '--batch', '32', '--negatives', '0', '--keep-old', '--json'];

async function runs(home: string): Promise<FinetuneRun[]> {
  const { stdout } = await runCli(['finetune', '--list', '--json'], { home });
  return (JSON.parse(stdout) as { runs: FinetuneRun[] }).runs;
}

test('a fine-tuning killed at work is found paused and goes on to its verdict', async (context) => {
  const { folder, home } = workplace(context);
  const cli = path.join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
  const child = spawn(process.execPath, [cli, 'finetune', folder, ...short], {
    env: { ...process.env, SEXTANT_HOME: home },
    stdio: 'ignore',
  });
  context.after(() => child.kill('SIGKILL'));
  const curveOf = (): string[] =>
    fs
      .globSync('finetune/*/curve.jsonl', { cwd: home })
      .flatMap((file) => fs.readFileSync(path.join(home, file), 'utf8').trim().split('\n'));
  await waitFor('two steps', () => curveOf().filter((line) => line.includes('loss')).length >= 2, 120_000);
  child.kill('SIGKILL');
  await new Promise((resolve) => child.once('close', resolve));
  const [run] = await runs(home);
  assert.deepEqual([run?.state, run?.promoted], ['paused', false]);
  const { code, stdout, stderr } = await runCli(['finetune', '--resume', run!.id, '--keep-old', '--json'], { home });
  assert.equal(code, 0, stderr);
  const result = JSON.parse(stdout) as Record<string, unknown> & {
    before: { ndcg10: number };
    after: { ndcg10: number };
  };
  assert.ok(result.before.ndcg10 > 0 && result.after.ndcg10 > 0);
  assert.equal(result['promoted'], false);
  assert.ok(fs.existsSync(path.join(String(result['model']), 'model.safetensors')));
  const [finished] = await runs(home);
  const steps = finished!.loss.map(({ step }) => step);
  assert.deepEqual(
    steps,
    Array.from({ length: finished!.steps }, (_, index) => index + 1),
  );
  const removed = await runCli(['finetune', '--remove', run!.id, '--json'], { home });
  assert.equal(removed.code, 0, removed.stderr);
  assert.deepEqual(await runs(home), []);
});

test('pairs that a person edited are what is trained on; a bad line is named', async (context) => {
  const { folder, home } = workplace(context);
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
