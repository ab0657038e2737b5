import { readFile } from 'node:fs/promises';
import * as vscode from 'vscode';
import { runAll, type SuiteResult } from './runner.ts';

/** One window's worth of cases each; see README.md. */
const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  main: async () => {
    await import('./cases/manifest.ts');
    await import('./cases/search.ts');
    await import('./cases/tools.ts');
    await import('./cases/live.ts');
    await import('./cases/engine.ts');
  },
  /** Without the cases in which somebody has to answer VS Code's question whether a tool may run. */
  desktop: async () => {
    await import('./cases/manifest.ts');
    await import('./cases/search.ts');
    await import('./cases/live.ts');
    await import('./cases/engine.ts');
  },
  multiRoot: () => import('./cases/multiRoot.ts'),
  restricted: () => import('./cases/restricted.ts'),
};

/** Runs the suite when the test harness asked for it. */
export async function activate(): Promise<void> {
  const { SEXTANT_TEST_RESULT: file, SEXTANT_TEST_SUITE: name = 'main' } = process.env;
  if (file === undefined) return;
  await suites[name]?.();
  void runAll(file, vscode.version);
}

/** What desktop VS Code calls when it was started to run tests; rejects with what failed. */
export async function run(): Promise<void> {
  const { SEXTANT_TEST_RESULT: file } = process.env;
  if (file === undefined) throw new Error('SEXTANT_TEST_RESULT does not say where the result goes.');
  await suites['desktop']!();
  await runAll(file, vscode.version);
  const { tests } = JSON.parse(await readFile(file, 'utf8')) as SuiteResult;
  const failed = tests.filter(({ ok }) => !ok);
  if (failed.length > 0) throw new Error(failed.map(({ name, error }) => `${name}\n${error}`).join('\n\n'));
}
