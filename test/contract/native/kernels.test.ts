import assert from 'node:assert/strict';
import test from 'node:test';
import { nativeTestBuild, runKernelTests } from '../../support/nativeBuild.ts';

/** Every kernel that the plan can ask for. */
const kernels = ['linear', 'attention', 'first_attention', 'norm', 'embed', 'pool', 'convert'];

for (const sanitize of [false, true]) {
  const how = sanitize ? ', and touch no memory that is not theirs' : '';
  test(`emulated kernels give what their references give${how}`, { timeout: 900_000 }, (t) => {
    const build = nativeTestBuild({ sanitize });
    if (typeof build === 'string') {
      t.skip(build);
      return;
    }
    const { cases, status, stderr } = runKernelTests(build.kernelTests, ['--quick']);
    const failed = cases.filter(({ ok }) => !ok);
    assert.deepEqual(failed, [], 'cases that failed');
    assert.equal(status, 0, stderr);
    for (const kernel of kernels) {
      for (const element of ['bf16', 'f16']) {
        const count = cases.filter((item) => item.kernel.startsWith(`${kernel} ${element}`)).length;
        assert.ok(count >= 4, `${kernel} in ${element}: ${count} cases`);
      }
    }
  });
}
