import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import { launchBrowser } from './browser.ts';
import { WorkbenchPage } from './pages/workbenchPage.ts';
import { createSandbox, packagedExtension, packagedSuite } from './vscodeHarness.ts';

interface SuiteResult {
  readonly done: boolean;
  readonly vscode: string;
  readonly tests: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly ms: number;
    readonly error?: string;
  }[];
}

const timeLimitMs = 8 * 60_000;

async function finished(file: string): Promise<SuiteResult> {
  const deadline = Date.now() + timeLimitMs;
  let last: SuiteResult | undefined;
  while (Date.now() < deadline) {
    const text = await readFile(file, 'utf8').catch(() => '');
    try {
      last = JSON.parse(text) as SuiteResult;
      if (last.done) return last;
    } catch {
      // not there yet, or being written
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  const reached = last?.tests.map(({ name }) => name).join('\n') ?? 'nothing';
  throw new Error(`The suite did not end within ${timeLimitMs / 60_000} minutes; it reached:\n${reached}`);
}

test('the integration suite inside the extension host', async (t) => {
  const sandbox = await createSandbox(t);
  await sandbox.install(await packagedExtension());
  await sandbox.install(await packagedSuite(sandbox.folder));
  const resultFile = path.join(sandbox.folder, 'result.json');
  const server = await sandbox.start({ SEXTANT_TEST_RESULT: resultFile });
  const browser = await launchBrowser();
  t.after(() => browser.close());
  const workbench = new WorkbenchPage(await browser.newPage({ viewport: { width: 1280, height: 800 } }));
  await workbench.open(server.url);
  const result = await finished(resultFile).catch(async (error: unknown) => {
    throw new Error(`${String(error)}\n${await sandbox.logs()}`);
  });
  assert.ok(result.tests.length > 0);
  for (const { name, ok, error } of result.tests) {
    await t.test(name, () => assert.ok(ok, error ?? 'failed'));
  }
});
