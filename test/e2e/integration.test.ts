import assert from 'node:assert/strict';
import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { test } from 'node:test';
import type { Page } from 'playwright-core';
import { settings } from '../../src/shared/settings.ts';
import { launchBrowser } from './browser.ts';
import { WorkbenchPage } from './pages/workbenchPage.ts';
import { createSandbox, packagedExtension, packagedSuite, type Sandbox } from './vscodeHarness.ts';

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

/** A window that a suite of `test/integration` wants; see its README. */
interface SuiteWindow {
  readonly suite: string;
  readonly title: string;
  readonly trusted: boolean;
  /** Puts into the sandbox what the suite expects; returns the query of the workbench's address if not the folder's. */
  readonly prepare: (sandbox: Sandbox) => Promise<string | undefined>;
}

const windows: readonly SuiteWindow[] = [
  { suite: 'main', title: 'one folder', trusted: true, prepare: () => Promise.resolve(undefined) },
  { suite: 'multiRoot', title: 'a workspace of two folders', trusted: true, prepare: twoFolders },
  { suite: 'restricted', title: 'Restricted Mode', trusted: false, prepare: restrictedMode },
];

async function twoFolders({ folder, workspace }: Sandbox): Promise<string> {
  await cp(workspace, path.join(folder, 'quay'), { recursive: true });
  const file = path.join(folder, 'port.code-workspace');
  await writeFile(file, JSON.stringify({ folders: [{ path: path.basename(workspace) }, { path: 'quay' }] }));
  return `?workspace=${encodeURIComponent(file)}`;
}

/** Every restricted setting, to something else than its default. */
function otherThanDefault(): Record<string, unknown> {
  const restricted = Object.entries(settings).filter(([, definition]) => 'restricted' in definition);
  return Object.fromEntries(
    restricted.map(([key, { default: value, ...definition }]) => {
      if ('enum' in definition) return [key, (definition.enum as unknown[]).find((other) => other !== value)];
      if (typeof value === 'boolean') return [key, !value];
      return [key, typeof value === 'number' ? value + 3 : '/nowhere'];
    }),
  );
}

async function restrictedMode(sandbox: Sandbox): Promise<undefined> {
  const { workspace } = sandbox;
  await sandbox.configure({
    'security.workspace.trust.enabled': true,
    'security.workspace.trust.startupPrompt': 'never',
  });
  const own = { 'sextant.search.maxResults': 7, ...otherThanDefault() };
  await mkdir(path.join(workspace, '.vscode'));
  await writeFile(path.join(workspace, '.vscode', 'settings.json'), JSON.stringify(own));
}

/** Says yes, as a user would, when VS Code asks whether a tool may run. */
function confirmDialogs(page: Page): { readonly stop: () => void } {
  const yes = page.locator('.monaco-dialog-box').getByRole('button', { name: /^(?:Yes|OK)$/ });
  const timer = setInterval(() => void yes.click({ timeout: 200 }).catch(() => undefined), 300);
  return { stop: () => clearInterval(timer) };
}

for (const { suite, title, trusted, prepare } of windows) {
  test(`the integration suite inside the extension host: ${title}`, async (t) => {
    const sandbox = await createSandbox(t);
    await sandbox.install(await packagedExtension());
    await sandbox.install(await packagedSuite(sandbox.folder));
    const query = await prepare(sandbox);
    const resultFile = path.join(sandbox.folder, 'result.json');
    const server = await sandbox.start({ SEXTANT_TEST_RESULT: resultFile, SEXTANT_TEST_SUITE: suite }, { trusted });
    const browser = await launchBrowser();
    t.after(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
    const workbench = new WorkbenchPage(page);
    const confirming = confirmDialogs(page);
    t.after(() => confirming.stop());
    await workbench.open(query === undefined ? server.url : new URL(query, server.url).href);
    const result = await finished(resultFile).catch(async (error: unknown) => {
      throw new Error(`${String(error)}\n${await sandbox.logs()}`);
    });
    assert.ok(result.tests.length > 0);
    for (const { name, ok, error } of result.tests) {
      await t.test(name, () => assert.ok(ok, error ?? 'failed'));
    }
  });
}
