import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { SeededRandom } from '../../../src/engine/bench/seededRandom.ts';
import type { FinetuneRun } from '../../../src/shared/finetune.ts';
import { documentedWorkplace } from '../../support/documentedWorkplace.ts';
import { runCli } from '../../support/runCli.ts';
import { runWithSmallFileSystem } from '../../support/smallFileSystem.ts';

const cli = path.join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
const short = ['--epochs', '2', '--batch', '32', '--keep-old', '--json'];

async function onlyRun(home: string): Promise<FinetuneRun> {
  const { stdout } = await runCli(['finetune', '--list', '--json'], { home });
  const { runs } = JSON.parse(stdout) as { runs: FinetuneRun[] };
  assert.equal(runs.length, 1);
  return runs[0]!;
}

/** Every loss that was ever written down, those of steps that came again too. */
function losses(home: string, id: string): { step: number; loss: number }[] {
  const text = fs.readFileSync(path.join(home, 'finetune', id, 'curve.jsonl'), 'utf8');
  return text
    .split('\n')
    .filter((line) => line.includes('"loss"') && line.endsWith('}'))
    .map((line) => JSON.parse(line) as { step: number; loss: number });
}

function runFolders(home: string): string[] {
  return fs
    .globSync('finetune/*/run.json', { cwd: home, exclude: ['finetune/*.unfinished'] })
    .map((file) => path.basename(path.dirname(file)));
}

/** Whether the work was still going on when it was killed. */
async function startAndKill(home: string, args: readonly string[], after: number): Promise<boolean> {
  const child = spawn(process.execPath, [cli, ...args], {
    env: { ...process.env, SEXTANT_HOME: home },
    stdio: 'ignore',
  });
  const closed = once(child, 'close');
  await Promise.race([delay(after), closed]);
  const running = child.exitCode === null;
  child.kill('SIGKILL');
  await closed;
  return running;
}

test('a run killed at ten random moments, the workspace edited meanwhile, comes to the same end by the same losses', async (context) => {
  const { folder, home } = documentedWorkplace(context);
  const whole = path.join(home, '..', 'whole');
  assert.equal((await runCli(['index', folder, '--json'], { home: whole })).code, 0);
  fs.cpSync(whole, home, { recursive: true });
  const begun = performance.now();
  assert.equal((await runCli(['finetune', folder, ...short], { home: whole })).code, 0);
  const took = performance.now() - begun;
  const asked = performance.now();
  const expected = await onlyRun(whole);
  const startUp = performance.now() - asked;
  const lossOf = new Map(losses(whole, expected.id).map(({ step, loss }) => [step, loss]));
  assert.equal(lossOf.size, expected.steps);

  const random = new SeededRandom(Date.now());
  let args = ['finetune', folder, ...short];
  let edited = false;
  for (let kill = 0; kill < 10; kill++) {
    const wasRunning = await startAndKill(home, args, startUp + random.next() * (took / 6));
    const [id] = runFolders(home);
    if (id !== undefined) args = ['finetune', '--resume', id, '--no-refresh', '--keep-old', '--json'];
    assert.ok(!fs.existsSync(path.join(home, 'finetune', 'active.json')));
    if (!wasRunning) break;
    if (!edited && id !== undefined && fs.existsSync(path.join(home, 'finetune', id, 'corpus.json'))) {
      fs.appendFileSync(path.join(folder, 'north-opens.ts'), '\nexport const later = 1;\n');
      fs.rmSync(path.join(folder, 'upper-sends.ts'));
      edited = true;
    }
  }
  const left = await onlyRun(home);
  if (left.state !== 'done') {
    assert.deepEqual([left.state, left.promoted], ['paused', false]);
    const { code, stderr } = await runCli(['finetune', '--resume', left.id, '--keep-old', '--json'], { home });
    assert.equal(code, 0, stderr);
  }
  const finished = await onlyRun(home);
  const curve = losses(home, finished.id);
  for (const { step, loss } of curve) assert.equal(loss, lossOf.get(step), `step ${step}`);
  assert.equal(new Set(curve.map(({ step }) => step)).size, expected.steps);
  assert.deepEqual(finished.result?.after, expected.result?.after);
  assert.deepEqual(finished.result?.guard, expected.result?.guard);
  assert.ok(fs.existsSync(path.join(finished.model!, 'model.safetensors')));
  const index = JSON.parse((await runCli(['index', folder, '--json'], { home })).stdout) as { model: string };
  assert.equal(index.model, 'sextant-embed-small');
  assert.equal((await runCli(['finetune', '--remove', finished.id, '--json'], { home })).code, 0);
  // Killed while it made a run, a process leaves something that is no run; the next process removes it a minute later.
  const runs = fs.readdirSync(path.join(home, 'finetune')).filter((name) => !name.endsWith('.unfinished'));
  assert.deepEqual(runs, []);
});

test('a full disk ends a run in words, and leaves it to be gone on with', async (context) => {
  const { folder, home } = documentedWorkplace(context);
  assert.equal((await runCli(['index', folder, '--json'], { home })).code, 0);
  const runs = path.join(home, 'finetune');
  fs.mkdirSync(runs, { recursive: true });
  const call = `"${process.execPath}" "${cli}" finetune`;
  const script = `export SEXTANT_HOME="${home}"; ${call} "${folder}" ${short.join(' ')} 2>/dev/null; ${call} --list --json 2>/dev/null`;
  const output = runWithSmallFileSystem(runs, 24 * 1024 * 1024, ['sh', '-c', script]);
  if (output === undefined) {
    context.skip('This system mounts no file systems for tests.');
    return;
  }
  const [failed, list] = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as object) as [{ error: { code: string; hint: string } }, { runs: FinetuneRun[] }];
  assert.equal(failed.error.code, 'disk_full');
  assert.match(failed.error.hint, /goes on from the last saved state/);
  assert.equal(list.runs.length, 1);
  assert.ok(list.runs[0]!.state === 'failed' || list.runs[0]!.state === 'paused', list.runs[0]!.state);
  assert.equal(list.runs[0]!.promoted, false);
});
