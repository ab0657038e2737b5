import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test, type TestContext } from 'node:test';
import { buildExtension } from '../../support/buildExtension.ts';
import { runCli } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const root = path.join(import.meta.dirname, '..', '..', '..');
const runtime = path.join(root, 'src', 'engine', 'runtime');

/** What keeps ONNX Runtime quiet by itself: its switch, and what tells it that it runs in continuous integration. */
const silencers = ['ORT_DISABLE_TELEMETRY', 'CI', 'GITHUB_ACTIONS', 'GITLAB_CI', 'CIRCLECI', 'TRAVIS', 'BUILDKITE'];

/** An environment whose home is empty: ONNX Runtime keeps a number for the device, and what it is about to send, there. */
function newUser(t: TestContext): { readonly home: string; readonly env: Record<string, string> } {
  const home = path.join(temporaryFolder(t), 'home');
  mkdirSync(home);
  const env = { HOME: home, XDG_CACHE_HOME: path.join(home, '.cache') };
  return { home, env: { ...env, ...Object.fromEntries(silencers.map((name) => [name, ''])) } };
}

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name);

/** Runs a module's text in a process of its own; a moment is left for threads that write. */
async function runModule(text: string, env: Record<string, string>): Promise<void> {
  const late = 'await new Promise((resolve) => setTimeout(resolve, 500));';
  const args = ['--input-type=module-typescript', '--eval', `${text}\n${late}`];
  const child = spawn(process.execPath, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'inherit' });
  assert.deepEqual(await once(child, 'exit'), [0, null]);
}

describe('ONNX Runtime tells nobody what it runs', { skip: process.platform === 'win32' }, () => {
  before(buildExtension);

  test('by itself it would, so that these tests can fail', async (t) => {
    const { home, env } = newUser(t);
    await runModule(
      `import { InferenceSession } from 'onnxruntime-node'; await InferenceSession.create(Buffer.of(0)).catch(() => {});`,
      env,
    );
    assert.notDeepEqual(filesOf(home), []);
  });

  for (const built of [false, true]) {
    test(`in the threads that encode, ${built ? 'as packaged' : 'from source'}`, async (t) => {
      const { home, env } = newUser(t);
      const folder = temporaryFolder(t);
      const input = path.join(folder, 'texts.jsonl');
      writeFileSync(input, '{"text":"how are sessions signed"}\n');
      const args = ['embed', '--input', input, '--threads', '1'];
      const { code, stdout, stderr } = await runCli(args, { home: path.join(folder, 'storage'), env, built });
      assert.equal(code, 0, stderr);
      assert.match(stdout, /"embedding":\[/);
      assert.deepEqual(filesOf(home), []);
    });
  }

  test('in the processes that try other providers', async (t) => {
    const { home, env } = newUser(t);
    const { code } = await runCli(['doctor'], { home: temporaryFolder(t), env });
    assert.equal(code, 0);
    assert.deepEqual(filesOf(home), []);
  });

  test('in the main thread, and in the thread that trains', async (t) => {
    const { home, env } = newUser(t);
    const folder = temporaryFolder(t);
    const training = path.join(root, 'src', 'engine', 'finetune', 'training', 'trainEncoder.ts');
    const samples = path.join(root, 'test', 'support', 'trainingSamples.ts');
    await runModule(
      `import { sgemmRate } from ${JSON.stringify(path.join(runtime, 'sgemmRate.ts'))};
       await sgemmRate({ rows: 8, inner: 8, columns: 8 }, 1, 1);`,
      env,
    );
    await runModule(
      `import { trainEncoder } from ${JSON.stringify(training)};
       import { trainingPairs, writeTinyModel } from ${JSON.stringify(samples)};
       const folder = ${JSON.stringify(folder)};
       const options = { modelDir: writeTinyModel(folder), outDir: folder + '/out', checkpointDir: folder + '/state' };
       await trainEncoder({ ...options, pairs: trainingPairs(), settings: { batchSize: 8, epochs: 1, threads: 1 } });`,
      env,
    );
    assert.deepEqual(filesOf(home), []);
  });
});
