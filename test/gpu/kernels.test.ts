import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { buildDeviceTests, findNvcc } from '../../scripts/native.ts';
import { runKernelTests } from '../support/nativeBuild.ts';
import { gpuForTest } from './gpuForTest.ts';

const { missing } = await gpuForTest();
const nvcc = findNvcc();
const why = missing ?? (nvcc === undefined ? 'there is no nvcc to build the kernel tests for this GPU' : undefined);

test('every kernel gives on this GPU what its reference gives', { timeout: 600_000 }, (t) => {
  if (why !== undefined) {
    t.skip(why);
    return;
  }
  const { cases, status, stderr } = runKernelTests(buildDeviceTests(nvcc!), []);
  assert.deepEqual(
    cases.filter(({ ok }) => !ok),
    [],
    'cases that failed',
  );
  assert.equal(status, 0, stderr);
  assert.ok(cases.length > 200, `${cases.length} cases`);
});

for (const tool of ['memcheck', 'racecheck', 'initcheck', 'synccheck']) {
  test(`compute-sanitizer ${tool} finds nothing`, { timeout: 600_000 }, (t) => {
    const missingTool = spawnSync('compute-sanitizer', ['--version']).status === 0 ? undefined : 'no compute-sanitizer';
    const reason = why ?? missingTool;
    if (reason !== undefined) {
      t.skip(reason);
      return;
    }
    const args = ['--tool', tool, '--error-exitcode', '9', buildDeviceTests(nvcc!), '--quick'];
    const { status, stdout } = spawnSync('compute-sanitizer', args, { encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(status, 0, stdout.split('\n').slice(-30).join('\n'));
  });
}
