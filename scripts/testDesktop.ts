import { runTests } from '@vscode/test-electron';
import { build } from 'esbuild';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const root = path.join(import.meta.dirname, '..');

/** Writes the suite of `test/integration` as one file that an extension host can load. */
export async function bundleSuite(outfile: string): Promise<void> {
  await build({
    entryPoints: [path.join(root, 'test', 'integration', 'suite.ts')],
    outfile,
    bundle: true,
    format: 'cjs',
    platform: 'node',
    external: ['vscode'],
    logLevel: 'error',
  });
}

/** Runs the suite in desktop VS Code, in a copy of the fixture workspace; resolves to its exit code. */
async function testDesktop(): Promise<number> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sextant-desktop-'));
  try {
    const suite = path.join(folder, 'suite.cjs');
    await bundleSuite(suite);
    const workspace = path.join(folder, 'harbour');
    await cp(path.join(root, 'test', 'fixtures', 'workspace'), workspace, { recursive: true });
    const installed = process.env['SEXTANT_VSCODE'];
    return await runTests({
      extensionDevelopmentPath: root,
      extensionTestsPath: suite,
      extensionTestsEnv: { SEXTANT_TEST_RESULT: path.join(folder, 'result.json') },
      launchArgs: [
        workspace,
        '--disable-workspace-trust',
        `--user-data-dir=${path.join(folder, 'data')}`,
        `--extensions-dir=${path.join(folder, 'extensions')}`,
      ],
      ...(installed === undefined ? {} : { vscodeExecutablePath: installed }),
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

if (import.meta.main) {
  try {
    process.exitCode = await testDesktop();
  } catch (error) {
    console.error(
      `The tests in desktop VS Code did not pass: ${error instanceof Error ? error.message : String(error)}`,
    );
    console.error(
      'Where VS Code cannot be downloaded, SEXTANT_VSCODE names an installed one; without a display, use xvfb-run.',
    );
    process.exitCode = 1;
  }
}
