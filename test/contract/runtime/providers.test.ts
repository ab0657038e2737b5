import assert from 'node:assert/strict';
import { test } from 'node:test';
import { embeddedModelDirectory } from '../../../src/engine/paths.ts';
import { createEncoder } from '../../../src/engine/runtime/createEncoder.ts';
import { inspectProviders, probeProvider } from '../../../src/engine/runtime/providers/providers.ts';
import { runCli } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

test('each provider is usable or says why not, and one that is not is refused by name', async () => {
  const reports = await inspectProviders(embeddedModelDirectory);
  assert.deepEqual(
    reports.map(({ name }) => name),
    ['directml', 'coreml', 'webgpu'],
  );
  for (const { name, available, reason } of reports) {
    assert.notEqual(reason, '', name);
    const backend = name as 'directml' | 'coreml' | 'webgpu';
    const opened = createEncoder({ modelDir: embeddedModelDirectory, threads: 1, backend });
    if (available) {
      const encoder = await opened;
      assert.equal(encoder.backend.name, name);
      await encoder.dispose();
    } else await assert.rejects(opened, { code: 'runtime_unavailable' });
  }
});

test('what is no model takes only the probe down', async (t) => {
  const { available, reason } = await probeProvider('webgpu', temporaryFolder(t));
  assert.equal(available, false);
  assert.match(reason, /\w/);
});

test('doctor names every back end with its reason', async (t) => {
  const { stdout, code } = await runCli(['doctor', '--json'], { home: temporaryFolder(t) });
  assert.equal(code, 0);
  const { backends } = JSON.parse(stdout) as { backends: { name: string; reason: string }[] };
  assert.deepEqual(
    backends.map(({ name }) => name),
    ['cpu', 'cuda', 'directml', 'coreml', 'webgpu'],
  );
  assert.ok(backends.every(({ reason }) => !reason.startsWith('Not tried')));
});
