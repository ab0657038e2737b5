import * as vscode from 'vscode';
import { runAll } from './runner.ts';

/** One window's worth of cases each; see README.md. */
const suites: Readonly<Record<string, () => Promise<unknown>>> = {
  main: async () => {
    await import('./cases/manifest.ts');
    await import('./cases/search.ts');
    await import('./cases/tools.ts');
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
