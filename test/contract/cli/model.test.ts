import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { testHub } from '../../support/hubServer.ts';
import { runCli, type CliResult } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { tinyModelFiles } from '../../support/tinyModel.ts';
import { waitFor } from '../../support/waitFor.ts';

const repository = 'acme/tiny-embed';
const entry = path.join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');

function json(result: CliResult): Record<string, unknown> {
  return JSON.parse(result.stdout) as Record<string, unknown>;
}

test('a model goes from the hub to a search and away again', async (t) => {
  const hub = await testHub(t, [{ repository, files: tinyModelFiles(), license: 'apache-2.0', token: 'mine' }]);
  const home = temporaryFolder(t);
  const env = { HF_ENDPOINT: hub.address, HF_TOKEN: 'mine', NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  const run = (...args: string[]): Promise<CliResult> => runCli(args, { home, env });

  const asked = await run('model', 'add', repository, '--json');
  assert.equal(asked.code, 1);
  assert.equal((json(asked)['error'] as { code: string }).code, 'license_required');
  assert.match(asked.stderr, /apache-2\.0/);
  assert.equal(hub.requestsFor('model.safetensors').length, 0);

  const added = await run('model', 'add', repository, '--accept-license', '--json');
  assert.equal(added.code, 0, added.stderr);
  const { model } = json(added) as { model: { id: string; directory: string; license: string } };
  assert.equal(model.license, 'apache-2.0');
  assert.ok(model.directory.startsWith(home));

  const info = json(await run('model', 'info', repository, '--json'));
  assert.deepEqual([info['pooling'], info['dimension'], info['purpose']], ['cls', 64, 'embedding']);
  assert.equal((await run('model', 'select', repository)).code, 0);
  const list = json(await run('model', 'list', '--json')) as { models: { name: string; selected: boolean }[] };
  assert.deepEqual(
    list.models.map(({ name, selected }) => [name, selected]),
    [
      ['sextant-embed-small', false],
      [repository, true],
    ],
  );
  const workspace = path.join(import.meta.dirname, '..', '..', 'fixtures', 'workspace', 'docs');
  const indexed = json(await run('index', workspace, '--json'));
  assert.equal(indexed['model'], repository, 'what was selected is used');

  const removed = await run('model', 'remove', repository, '--json');
  assert.equal(removed.code, 0, removed.stderr);
  assert.equal(existsSync(model.directory), false);
  const gone = await run('model', 'info', repository, '--json');
  assert.equal((json(gone)['error'] as { code: string }).code, 'model_missing');
});

test('an interrupted download exits with its code, installs nothing, and the next one goes on from there', async (t) => {
  const faults = { 'model.safetensors': { slowMs: 20 } };
  const hub = await testHub(t, [{ repository, files: tinyModelFiles(), license: 'mit', faults }]);
  const home = temporaryFolder(t);
  const env = { HF_ENDPOINT: hub.address, NO_PROXY: '127.0.0.1', no_proxy: '127.0.0.1' };
  const args = ['model', 'add', repository, '--accept-license', '--json'];
  const child = spawn(process.execPath, [entry, ...args], { env: { ...process.env, ...env, SEXTANT_HOME: home } });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  const downloads = path.join(home, 'models', '.downloads');
  const stored = (): boolean =>
    existsSync(downloads) &&
    readdirSync(downloads)
      .map((name) => path.join(downloads, name, 'model.safetensors.part'))
      .some((file) => existsSync(file) && statSync(file).size > 0);
  await waitFor('some of the weights to be stored', stored, 60_000);
  child.kill('SIGINT');
  assert.equal(await ended, 1);
  assert.equal((JSON.parse(output) as { error: { code: string } }).error.code, 'cancelled');
  assert.deepEqual(readdirSync(path.join(home, 'models')), ['.downloads']);
  delete (faults['model.safetensors'] as { slowMs?: number }).slowMs;
  const again = await runCli(args, { home, env });
  assert.equal(again.code, 0, again.stderr);
  assert.match(hub.requestsFor('model.safetensors').at(-1)!.headers.range ?? '', /^bytes=[1-9]\d*-$/);
});

test('wrong words get usage, wrong names a reason', async (t) => {
  const home = temporaryFolder(t);
  assert.equal((await runCli(['model', 'fetch'], { home })).code, 2);
  assert.equal((await runCli(['model', 'add'], { home })).code, 2);
  assert.equal((await runCli(['model', 'remove'], { home })).code, 2);
  const evil = await runCli(['model', 'remove', '../..', '--json'], { home });
  assert.equal((json(evil)['error'] as { code: string }).code, 'model_missing');
  const name = await runCli(['model', 'add', 'acme/../../x', '--json'], { home });
  assert.equal((json(name)['error'] as { code: string }).code, 'invalid_argument');
});
