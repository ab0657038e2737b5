import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { launchBrowser } from './browser.ts';
import { FakeWorld, openPanel, type Harness } from './harness/panelHarness.ts';
import { themeNames } from './harness/viewHarness.ts';
import { engineStatus, response, rootStatus, sampleDuplicates } from './harness/sampleData.ts';

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

type Checker = typeof axe;

const notOurs = [
  // The page around the panel, with its title and headings, is VS Code's.
  'page-has-heading-one',
  'region',
  'landmark-one-main',
  // A row is named by its gist; the code in it is read in the editor.
  'label-content-name-mismatch',
];

/** What axe finds wrong, one line per element. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const found = await page.evaluate(async (disabled) => {
    const { axe: checker } = globalThis as unknown as { axe: Checker };
    const rules = Object.fromEntries(disabled.map((rule) => [rule, { enabled: false }]));
    // The colours of code are those of the user's theme.
    const { violations } = await checker.run({ exclude: [['.code-number'], ['.code-text']] }, { rules });
    return violations;
  }, notOurs);
  return found.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ''}`),
  );
}

/** Every state of the panel, by name. */
const states: Readonly<Record<string, (harness: Harness) => Promise<unknown>>> = {
  results: async ({ panel }) => {
    await panel.search('how are sessions signed?');
    await panel.press('Enter', 'ArrowRight');
  },
  'results without focus': ({ panel }) => panel.search('how are sessions signed?'),
  'mode menu': async ({ panel }) => {
    await panel.search('sessions');
    await panel.frame.locator('.chip.mode').click();
  },
  'filter picker': async ({ panel }) => {
    await panel.search('sessions');
    await panel.frame.locator('.chip.add').click();
    await panel.press('Enter');
  },
  'context menu': async ({ panel }) => {
    await panel.search('sessions');
    await panel.press('Enter', 'Shift+F10');
  },
  start: () => Promise.resolve(),
  duplicates: async ({ panel, host }) => {
    host.showDuplicates(sampleDuplicates());
    await panel.title.waitFor();
  },
  'nothing found': async ({ panel, world }) => {
    world.onSearch = () => Promise.resolve(response([]));
    await panel.search('quantum flux');
  },
  failed: async ({ panel, world }) => {
    world.onSearch = () => Promise.reject(new Error('The engine stopped.'));
    await panel.search('sessions');
  },
  indexing: async ({ panel, world, host }) => {
    world.status = {
      status: engineStatus(rootStatus({ phase: 'embedding', embedded: 40, etaSeconds: 12 })),
      blocker: null,
      restricted: false,
    };
    host.pushStatus();
    await panel.foot.waitFor();
  },
  'engine down': async ({ panel, world, host }) => {
    world.status = { status: null, blocker: 'engineDown', restricted: false };
    host.pushStatus();
    await panel.frame.getByText('Restart Engine').waitFor();
  },
};

for (const theme of themeNames) {
  test(`accessible in every state: ${theme}`, async () => {
    for (const [name, reach] of Object.entries(states)) {
      const harness = await openPanel(browser, { theme, world: new FakeWorld(), history: ['tide'] });
      await reach(harness);
      await harness.page.waitForTimeout(50);
      assert.deepEqual(await violations(harness.page), [], name);
      await harness.page.close();
    }
  });
}
