import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { loadCudaAddon } from '../../../src/engine/runtime/cuda/addon.ts';
import { probeCuda } from '../../../src/engine/runtime/cuda/availability.ts';
import { addonFile, buildAddon, findNvcc } from '../../../scripts/native.ts';
import { nativeTestBuild } from '../../support/nativeBuild.ts';
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

/** An addon that finds a GPU; `check` is JavaScript that is given the generation whose kernels are tried. */
function addonThatFinds(folder: string, capability: string, check: string): string {
  const file = path.join(folder, 'found.cjs');
  const device = { name: 'Card', capability, multiprocessors: 4, memoryBytes: 1e9 };
  const found = JSON.stringify({ driver: 13000, runtime: 13000, devices: [device] });
  writeFileSync(
    file,
    `exports.probe = () => (${found});\nexports.check = (kind, device, generation) => { ${check} };\n`,
  );
  return file;
}

test('a GPU whose kernels fail their check is not used, Hopper with those of the generation before', async (t) => {
  const folder = temporaryFolder(t);
  const probe = (capability: string, check: string) => probeCuda(addonThatFinds(folder, capability, check));
  const wrong = 'throw Object.assign(new Error("It adds wrongly."), { code: "device" });';
  const crash = 'process.kill(process.pid, "SIGSEGV");';

  const fine = await probe('8.6', 'if (generation !== 86) throw new Error("not its own");');
  assert.deepEqual([fine.available, fine.available && fine.generation], [true, 86]);
  assert.deepEqual(await probe('8.6', wrong), { available: false, reason: 'Card: It adds wrongly.' });
  const crashed = await probe('12.0', crash);
  assert.equal(crashed.available, false);
  assert.match(crashed.reason, /^Card: .*SIGSEGV/);

  for (const [own, reason] of [
    [wrong, /9\.0, without the kernels made for it: It adds wrongly/],
    [crash, /9\.0, without the kernels made for it: .*SIGSEGV/],
  ] as const) {
    const hopper = await probe('9.0', `if (generation === 90) { ${own} }`);
    assert.deepEqual([hopper.available, hopper.available && hopper.generation], [true, 80]);
    assert.match(hopper.reason, reason);
  }
  assert.deepEqual(await probe('9.0', wrong), { available: false, reason: 'Card: It adds wrongly.' });
});

test('the check passes kernels that compute as their reference does, and no others', { timeout: 600_000 }, (t) => {
  const build = nativeTestBuild();
  if (typeof build === 'string') {
    t.skip(build);
    return;
  }
  const addon = loadCudaAddon(build.addon);
  addon.check('reference', 0, 80);
  for (const generation of [80, 90]) {
    addon.check('emulated', 0, generation);
    assert.throws(() => addon.check('faulty', 0, generation), { code: 'device', message: /product of .* wrongly/ });
  }
  assert.throws(() => addon.check('emulated', 3, 80), { code: 'no_device' });
  assert.throws(() => addon.check('emulated', -1, 80), { code: 'invalid_argument' });
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
