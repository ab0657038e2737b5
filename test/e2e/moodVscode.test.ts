import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Browser, Frame } from 'playwright-core';
import { GitRepository } from '../support/gitRepository.ts';
import { waitFor } from '../support/waitFor.ts';
import { launchBrowser } from './browser.ts';
import { WorkbenchPage } from './pages/workbenchPage.ts';
import { createSandbox, packagedExtension, repository, type Sandbox } from './vscodeHarness.ts';

const screenshots = path.join(repository, 'test-results', 'vscode');
const day = 86_400;
/** Noon of a Monday some weeks ago. */
const start = Math.floor((Date.now() / 1000 - 4 * day) / (7 * day)) * 7 * day + 4.5 * day - 28 * day;

/** Two commits that nobody can mistake in the first week, one in the third, the rest terse. */
const commits: readonly (readonly [message: string, days: number, file: string])[] = [
  ['Add the berth store', 0, 'src/store/berthStore.ts'],
  ['This is terrible, I hate this awful broken mess. What a stupid, horrible bug!', 1, 'src/http/retry.ts'],
  ['Kill the worker process on abort', 2, 'src/jobs/queue.ts'],
  ['Fix fatal error in the queue', 3, 'src/jobs/queue.ts'],
  ['Great work, thanks a lot! I love how awesome this is now :)', 14, 'src/ui/bookingForm.tsx'],
  ['Remove dead code', 15, 'src/jobs/queue.ts'],
];

/** The packaged extension in a real VS Code, with the model that ships. */
describe('the mood view in VS Code', () => {
  const cleanups: (() => Promise<void>)[] = [];
  let browser: Browser;
  let sandbox: Sandbox;
  let workbench: WorkbenchPage;
  let view: Frame;

  before(async () => {
    mkdirSync(screenshots, { recursive: true });
    sandbox = await createSandbox({ after: (cleanup) => void cleanups.push(cleanup as () => Promise<void>) });
    const project = new GitRepository(sandbox.workspace);
    for (const [message, days, file] of commits) {
      project.commit({ message, at: start + days * day, files: { [file]: `// ${message}\n` } });
    }
    await sandbox.install(await packagedExtension());
    const server = await sandbox.start();
    browser = await launchBrowser();
    workbench = new WorkbenchPage(await browser.newPage({ viewport: { width: 1280, height: 1000 } }));
    await workbench.open(server.url);
  });
  after(async () => {
    await browser.close();
    for (const cleanup of cleanups) await cleanup();
  });

  async function moodFrame(): Promise<Frame | undefined> {
    for (const frame of workbench.page.frames()) {
      if (
        await frame
          .locator('.timeline')
          .isVisible()
          .catch(() => false)
      )
        return frame;
    }
    return undefined;
  }

  test('reads the history when it is opened, and its chart says what the commits say', async () => {
    await workbench.run('Sextant: Show Mood');
    view = await waitFor('the mood view', moodFrame, 120_000);
    const summary = async (): Promise<string> => (await view.locator('.summary').textContent()) ?? '';
    await waitFor('all six', async () => (await summary()) === '6 items · 17 % negative · 17 % positive', 120_000);
    const heights = await view
      .locator('.bar')
      .evaluateAll((bars) =>
        bars.map((bar) =>
          ['positive', 'negative'].map((name) => Number(bar.querySelector(`.${name}`)?.getAttribute('height'))),
        ),
      );
    // A quarter of the first week, half of the third, which is the greatest share and 40 units high.
    assert.deepEqual(heights, [
      [0, 20],
      [0, 0],
      [40, 0],
    ]);
    assert.match((await view.locator('.item-title').first().textContent()) ?? '', /^This is terrible/);
    await workbench.page.screenshot({ path: path.join(screenshots, 'mood.png') });
  });

  test('names the words that weighed most', async () => {
    await view.locator('.item .icon-button').first().click();
    await view.locator('.word').first().waitFor({ timeout: 60_000 });
    assert.match((await view.locator('.words').first().textContent()) ?? '', /terrible|hate|awful|stupid|horrible/);
  });

  test('opens the commit', async () => {
    await view.locator('.item-title').first().click();
    await workbench.waitForTab('.diff');
    await workbench.page.locator('.view-line', { hasText: 'This is terrible' }).first().waitFor();
  });

  test('finds a commit in the search panel, with its mood beside it', async () => {
    const panel = await workbench.openPanel();
    await panel.search('berth store');
    await panel.frame.getByRole('button', { name: 'Filter' }).first().click();
    await panel.frame.locator('.picker-option', { hasText: 'Commits' }).click();
    await panel.press('Escape');
    const row = panel.frame.locator('.head-row', { hasText: 'Add the berth store' });
    await row.waitFor({ timeout: 60_000 });
    assert.match((await panel.frame.locator('.mood').first().textContent()) ?? '', /Neutral/);
  });
});
