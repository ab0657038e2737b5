import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { probeCuda } from '../../../src/engine/runtime/cuda/availability.ts';
import { addonFile, buildAddon, findNvcc } from '../../../scripts/native.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

test('an addon that takes its process down, hangs or is none is reported, and this process lives', async (t) => {
  const folder = temporaryFolder(t);
  const write = (name: string, text: string): string => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  };
  const reasons: Record<string, RegExp> = {
    [write('crash.cjs', 'process.kill(process.pid, "SIGSEGV");')]: /ended its probe with SIGSEGV/,
    [write('exit.cjs', 'process.exit(3);')]: /ended its probe with code 3/,
    [write('garbage.node', 'no machine code')]: /does not load/,
    [path.join(folder, 'missing.node')]: /does not load/,
    [write('none.cjs', 'exports.probe = () => ({ driver: 13000, runtime: 13000, devices: [] });')]: /finds no GPU/,
    [write(
      'old.cjs',
      'exports.probe = () => ({ driver: 13000, runtime: 13000, devices: [{ name: "Old", capability: "6.1" }] });',
    )]: /Old is older/,
  };
  for (const [file, reason] of Object.entries(reasons)) {
    const probed = await probeCuda(file);
    assert.equal(probed.available, false, file);
    assert.match(probed.reason, reason);
  }
});

test(
  'the built addon loads on this machine and says what it finds, driver or none',
  { timeout: 600_000 },
  async (t) => {
    const nvcc = findNvcc();
    if (!existsSync(addonFile)) {
      if (nvcc === undefined) {
        t.skip('there is neither a built addon nor nvcc');
        return;
      }
      buildAddon(nvcc, ['80']);
    }
    const probed = await probeCuda(addonFile);
    assert.match(probed.reason, probed.available ? /compute capability/ : /no usable NVIDIA driver|no GPU|older than/i);
  },
);
