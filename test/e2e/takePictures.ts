/**
 * Takes the README's pictures from the packaged extension in a real VS Code.
 *
 *   node test/e2e/takePictures.ts search
 *   node test/e2e/takePictures.ts mood|finetune REPOSITORY
 *
 * REPOSITORY is a clone with some years of history; the search is shown on the tests' own workspace. Fine-tuning takes minutes.
 * The files are larger than they need to be: reduce them to 256 colours.
 */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import type { Frame } from 'playwright-core';
import { waitFor } from '../support/waitFor.ts';
import { launchBrowser } from './browser.ts';
import { WorkbenchPage } from './pages/workbenchPage.ts';
import { createSandbox, packagedExtension, repository } from './vscodeHarness.ts';

const folder = path.join(repository, 'media', 'screenshots');
const themes = { dark: 'Dark Modern', light: 'Light Modern', hc: 'Dark High Contrast' } as const;
type Theme = keyof typeof themes;
/** For what a busy machine takes its time for: reading moods, training. */
const patienceMs = 45 * 60_000;

type Picture = (workbench: WorkbenchPage) => Promise<void>;

interface Clip {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

async function inThemes(workbench: WorkbenchPage, name: string, wanted: readonly Theme[], clip?: Clip): Promise<void> {
  for (const theme of wanted) {
    await workbench.chooseTheme(themes[theme]);
    // Colours fade, and scroll bars go away.
    await workbench.page.waitForTimeout(1500);
    const file = path.join(folder, `${name}-${theme}.png`);
    await workbench.page.screenshot({ path: file, ...(clip === undefined ? {} : { clip }) });
  }
}

const takeSearch: Picture = async (workbench) => {
  const panel = await workbench.openPanel();
  await workbench.resizeSideBar(400);
  await panel.search('how are sessions signed?');
  await panel.query.focus();
  await panel.press('Enter');
  await workbench.waitForTab('session.ts');
  await panel.press('ArrowRight');
  await inThemes(workbench, 'search', ['dark', 'light', 'hc']);
};

/** The frame of a view that is in front, by something that only it shows. */
function frameWith(workbench: WorkbenchPage, selector: string): Promise<Frame> {
  return waitFor(
    `a view with ${selector}`,
    async () => {
      for (const frame of workbench.page.frames()) {
        const shown = frame.locator(selector).first().isVisible();
        if (await shown.catch(() => false)) return frame;
      }
      return undefined;
    },
    120_000,
  );
}

/** Gives a view the whole side bar, and returns where that is. */
async function alone(workbench: WorkbenchPage): Promise<Clip> {
  await workbench.resizeSideBar(470);
  await workbench.page.locator('.pane-header[aria-label^="Search"]').click();
  return (await workbench.page.locator('.part.sidebar').boundingBox())!;
}

const takeMood: Picture = async (workbench) => {
  await workbench.openPanel();
  await workbench.run('Sextant: Show Mood');
  const view = await frameWith(workbench, '.filters');
  const clip = await alone(workbench);
  await view.locator('select').nth(1).selectOption({ label: 'All time' });
  await view.locator('select').nth(2).selectOption({ label: 'By month' });
  await view.locator('.item').first().waitFor({ timeout: patienceMs });
  await view.locator('.panel[aria-busy=false]').waitFor({ timeout: patienceMs });
  await view.locator('.item .icon-button').first().click();
  await view.locator('.word').first().waitFor();
  await inThemes(workbench, 'mood', ['dark', 'light'], clip);
};

const takeFinetune: Picture = async (workbench) => {
  await workbench.openPanel();
  await workbench.run('Sextant: Fine-Tune');
  const view = await frameWith(workbench, '.finetune');
  const clip = await alone(workbench);
  await view.getByRole('button', { name: 'Make pairs' }).click({ timeout: patienceMs });
  await view.getByRole('button', { name: 'Start training' }).click({ timeout: patienceMs });
  await view.locator('.verdict').waitFor({ timeout: patienceMs });
  await view.locator('h2', { hasText: 'Fine-tune' }).evaluate((element) => element.scrollIntoView());
  await inThemes(workbench, 'finetune', ['dark', 'light'], clip);
};

/** The views are taken alone and at twice the size, the search with the whole window around it. */
const window = { viewport: { width: 1280, height: 800 } };
const large = (height: number) => ({ viewport: { width: 1280, height }, deviceScaleFactor: 2 });
const pictures = {
  search: { take: takeSearch, page: window },
  mood: { take: takeMood, page: large(930) },
  finetune: { take: takeFinetune, page: large(1036) },
};

async function main(name: string | undefined, source: string | undefined): Promise<void> {
  if (name === undefined || !(name in pictures)) throw new Error(`Which of ${Object.keys(pictures).join(', ')}?`);
  const { take, page } = pictures[name as keyof typeof pictures];
  if (name !== 'search' && source === undefined) throw new Error('Which repository? Name the folder of a clone.');
  const cleanups: (() => Promise<void>)[] = [];
  try {
    const sandbox = await createSandbox(
      { after: (cleanup) => void cleanups.push(cleanup as () => Promise<void>) },
      source === undefined ? undefined : path.resolve(source),
    );
    await sandbox.configure({ 'workbench.colorTheme': 'Default Dark Modern' });
    await sandbox.install(await packagedExtension());
    const server = await sandbox.start();
    const browser = await launchBrowser();
    cleanups.unshift(() => browser.close());
    const workbench = new WorkbenchPage(await browser.newPage(page));
    await workbench.open(server.url);
    await take(workbench);
  } finally {
    for (const cleanup of cleanups) await cleanup();
  }
}

mkdirSync(folder, { recursive: true });
await main(process.argv[2], process.argv[3]);
