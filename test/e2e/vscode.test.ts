import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import type { PanelPage } from './pages/panelPage.ts';
import { WorkbenchPage } from './pages/workbenchPage.ts';
import { createSandbox, enginePids, packagedExtension, repository, type Sandbox } from './vscodeHarness.ts';
import { waitFor } from '../support/waitFor.ts';

const screenshots = path.join(repository, 'test-results', 'vscode');
const themes = {
  'search-dark': 'Dark Modern',
  'search-light': 'Light Modern',
  'search-hc': 'Dark High Contrast',
  'search-hc-light': 'Light High Contrast',
} as const;

/** The packaged extension in one real VS Code; the steps build on each other, as a user's do. */
describe('the packaged extension in VS Code', () => {
  const cleanups: (() => Promise<void>)[] = [];
  let browser: Browser;
  let sandbox: Sandbox;
  let workbench: WorkbenchPage;
  let panel: PanelPage;
  let serverUrl: string;

  before(async () => {
    mkdirSync(screenshots, { recursive: true });
    sandbox = await createSandbox({ after: (cleanup) => void cleanups.push(cleanup as () => Promise<void>) });
    await sandbox.configure({ 'workbench.colorTheme': 'Default Dark Modern' });
    await sandbox.install(await packagedExtension());
    const server = await sandbox.start();
    serverUrl = server.url;
    browser = await launchBrowser();
    workbench = new WorkbenchPage(await browser.newPage({ viewport: { width: 1280, height: 800 } }));
    await workbench.open(server.url);
  });
  after(async () => {
    await browser.close();
    for (const cleanup of cleanups) await cleanup();
  });

  /** Searches again and again until a symbol is found: the index follows changes with a delay. */
  async function findEventually(query: string, symbol: string): Promise<void> {
    const deadline = Date.now() + 60_000;
    for (;;) {
      await panel.search(query);
      if (await panel.result(symbol).isVisible()) return;
      if (Date.now() > deadline) throw new Error(`«${query}» never found ${symbol}.\n${await sandbox.logs()}`);
      await panel.query.fill('');
      await workbench.page.waitForTimeout(500);
    }
  }

  test('opens the view and answers a question in plain words', async () => {
    panel = await workbench.openPanel();
    await findEventually('how are sessions signed?', 'signSession');
    assert.match((await panel.summary.textContent()) ?? '', /^\d+\+? results? in \d+ files? · \d+ ms/);
  });

  test('shows the index in the status bar', async () => {
    await workbench.statusItem.filter({ hasText: 'chunks' }).waitFor({ timeout: 60_000 });
  });

  test('arrows preview results and keep the focus, Enter opens at the right lines', async () => {
    await panel.query.focus();
    await panel.press('Enter');
    await workbench.waitForTab('session.ts');
    assert.equal(await panel.focused(), 'list');
    await panel.press('Home');
    for (let step = 0; step < 30; step += 1) {
      if (((await panel.active.textContent()) ?? '').includes('verifySession')) break;
      await panel.press('ArrowDown');
    }
    const range = (await panel.active.locator('.lines').textContent()) ?? '';
    await panel.press('Enter');
    await workbench.page.locator('.monaco-editor.focused').waitFor();
    await workbench.waitForTab('session.ts');
    const [first, last] = range.split('–').map(Number);
    await waitFor(`the cursor in ${range}`, async () => {
      const line = await workbench.cursorLine();
      return line >= first! && line <= last!;
    });
  });

  test('Ctrl+Enter opens to the side', async () => {
    const groups = await workbench.editorGroups.count();
    await panel.list.focus();
    await panel.press('Control+Enter');
    await workbench.page.waitForFunction(
      (before) => document.querySelectorAll('.editor-group-container').length > before,
      groups,
    );
    await workbench.run('View: Close All Editors');
  });

  test('find similar code, and back', async () => {
    await panel.result('signSession').hover();
    await panel.result('signSession').getByLabel('Find Similar Code').click();
    await panel.title.waitFor();
    assert.match((await panel.title.textContent()) ?? '', /^Similar to session\.ts:\d+–\d+$/);
    await panel.settle();
    await panel.frame.getByRole('button', { name: 'Back' }).click();
    await panel.result('signSession').waitFor();
  });

  test('by meaning alone, with the model that ships', async () => {
    await workbench.statusItem.filter({ hasText: '100 %' }).waitFor({ timeout: 120_000 });
    await panel.frame.locator('.chip.mode').click();
    await panel.menuItems.filter({ hasText: 'Semantic' }).click();
    await panel.search('refuse somebody who sends too many requests');
    assert.match((await panel.summary.textContent()) ?? '', / · (CPU|CUDA)$/);
    assert.ok(await panel.file('rateLimiter.ts').isVisible());
    await panel.frame.locator('.chip.mode').click();
    await panel.menuItems.filter({ hasText: 'Hybrid' }).click();
    await panel.settle();
  });

  test('an edit is found as soon as it is saved', async () => {
    await workbench.openFile('queue.ts');
    await workbench.page.locator('.monaco-editor').first().click();
    await panel.press('Control+End');
    await workbench.page.keyboard.insertText(
      '\n/** Hoists the lobster pennant above the breakwater. */\nexport const hoistLobsterPennant = 1;\n',
    );
    await panel.press('Control+s');
    await findEventually('lobster pennant', 'hoistLobsterPennant');
  });

  test('a killed engine comes back and answers', async () => {
    const before = await enginePids(sandbox);
    assert.equal(before.length, 1);
    process.kill(before[0]!, 'SIGKILL');
    await findEventually('tide height', 'tide_height');
    const now = await enginePids(sandbox);
    assert.equal(now.length, 1);
    assert.notEqual(now[0], before[0]);
    const said = await workbench.notifications.allTextContents();
    assert.deepEqual(
      said.filter((text) => /sextant|engine/i.test(text)),
      [],
      'a recovery needs no notification',
    );
  });

  test('hiding and showing the view keeps query and results', async () => {
    await panel.search('invoice number');
    const results = await panel.results.count();
    assert.ok(results > 0);
    await workbench.page.locator('.activitybar a[aria-label^="Explorer"]').first().click();
    await panel.query.waitFor({ state: 'detached' }).catch(() => undefined);
    panel = await workbench.openPanel();
    await panel.results.first().waitFor();
    assert.equal(await panel.query.inputValue(), 'invoice number');
    assert.equal(await panel.results.count(), results);
  });

  test('without a folder the panel offers to open one', async () => {
    const window = new WorkbenchPage(await browser.newPage({ viewport: { width: 1280, height: 800 } }));
    await window.open(serverUrl.replace(/\?.*$/, '?ew=true'));
    await window.sextantIcon.click();
    await window.inWebview('Open Folder').waitFor();
    await window.page.close();
  });

  test('looks like VS Code in each theme', async () => {
    await panel.search('how are sessions signed?');
    await panel.query.focus();
    await panel.press('Enter');
    await workbench.waitForTab('session.ts');
    await workbench.resizeSideBar(400);
    await panel.press('ArrowRight');
    for (const [name, theme] of Object.entries(themes)) {
      await workbench.chooseTheme(theme);
      await panel.list.focus();
      await workbench.page.waitForTimeout(500);
      await workbench.page.screenshot({ path: path.join(screenshots, `${name}.png`) });
      assert.ok(await panel.results.first().isVisible());
    }
  });
});
