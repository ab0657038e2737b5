import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { SextantError } from '../../src/shared/errors.ts';
import type { SearchResponse } from '../../src/shared/search.ts';
import { launchBrowser } from './browser.ts';
import { FakeWorld, openPanel, type Harness, type HarnessOptions } from './harness/panelHarness.ts';
import { themeNames } from './harness/viewHarness.ts';
import {
  engineStatus,
  manyResults,
  response,
  rootStatus,
  sampleDuplicates,
  sampleResults,
} from './harness/sampleData.ts';

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

/** A panel that is closed with the test, which fails on any complaint of the browser, such as a CSP violation. */
async function open(t: TestContext, options: HarnessOptions = {}): Promise<Harness> {
  const harness = await openPanel(browser, options);
  t.after(async () => {
    await harness.page.close();
    assert.deepEqual(harness.complaints, []);
  });
  return harness;
}

test('type, arrow, preview, open, open to the side', async (t) => {
  const { panel, world } = await open(t);
  await panel.search('how are sessions signed?');
  assert.match((await panel.summary.textContent()) ?? '', /^12 results in 10 files · 34 ms · CPU$/);
  await panel.press('Enter');
  assert.equal(await panel.focused(), 'list');
  await panel.press('ArrowDown');
  await panel.waitFor(() => world.opened.at(-1)?.location.startLine === 25);
  assert.deepEqual(world.opened.at(-1), {
    location: { root: 'file:///workspace/harbour', path: 'src/auth/session.ts', startLine: 25, endLine: 36 },
    how: 'preview',
  });
  await panel.press('Enter', 'Control+Enter');
  await panel.waitFor(() => world.opened.at(-1)?.how === 'side');
  assert.deepEqual(
    world.opened.slice(-2).map(({ how }) => how),
    ['open', 'side'],
  );
  assert.deepEqual(world.errors, []);
});

test('one search per pause in typing, and none for a single letter', async (t) => {
  const { panel, world } = await open(t);
  await panel.query.evaluate((input: HTMLInputElement | HTMLTextAreaElement) => {
    for (const letter of 'session') {
      input.value += letter;
      input.dispatchEvent(new Event('input', { bubbles: true }));
    }
  });
  await panel.settle();
  assert.deepEqual(
    world.searches.map(({ query }) => query),
    ['session'],
  );
  await panel.query.fill('s');
  await panel.settle();
  assert.equal(world.searches.length, 1);
});

test('a slow old answer never replaces a newer one', async (t) => {
  const world = new FakeWorld();
  const answers = new Map<string, (value: SearchResponse) => void>();
  world.onSearch = ({ query }) => new Promise((resolve) => answers.set(query, resolve));
  const { panel } = await open(t, { world });
  await panel.query.fill('slow');
  await panel.waitFor(() => answers.has('slow'));
  await panel.query.fill('fast');
  await panel.waitFor(() => answers.has('fast'));
  answers.get('fast')!(response(sampleResults().slice(0, 1)));
  await panel.results.first().waitFor();
  answers.get('slow')!(response(sampleResults()));
  await panel.settle();
  assert.equal(await panel.results.count(), 1);
});

test('nothing moves while a new answer is awaited', async (t) => {
  const world = new FakeWorld();
  const { panel } = await open(t, { world });
  await panel.search('sessions');
  const place = await panel.result('verifySession').boundingBox();
  world.onSearch = () => new Promise(() => undefined);
  await panel.query.fill('sessions of users');
  await panel.waitFor(() => world.searches.length === 2);
  assert.deepEqual(await panel.result('verifySession').boundingBox(), place);
  await panel.press('Escape');
  await panel.settle();
  assert.equal(await panel.results.count(), 12);
});

test('an answer to a cancelled search harms nobody', async (t) => {
  const world = new FakeWorld();
  let answer: (value: SearchResponse) => void = () => undefined;
  world.onSearch = () => new Promise((resolve) => (answer = resolve));
  const { panel, page } = await open(t, { world });
  await panel.query.fill('slow');
  await panel.waitFor(() => world.searches.length === 1);
  await panel.press('Escape');
  await panel.settle();
  answer(response(sampleResults()));
  await page.waitForTimeout(50);
  assert.equal(await panel.results.count(), 0);
  assert.deepEqual(world.errors, []);
});

test('keys of the tree: Home, End, Left, Right, Page Down, Escape, typing', async (t) => {
  const { panel } = await open(t, { height: 480 });
  await panel.search('sessions');
  await panel.press('Enter', 'ArrowRight');
  assert.equal(await panel.frame.locator('.why').count(), 1);
  assert.equal(await panel.active.getAttribute('aria-expanded'), 'true');
  await panel.press('ArrowLeft', 'ArrowLeft');
  assert.equal(await panel.frame.locator('.why').count(), 0);
  assert.equal(await panel.active.getAttribute('aria-level'), '1');
  await panel.press('ArrowLeft');
  assert.equal(await panel.active.getAttribute('aria-expanded'), 'false');
  await panel.press('End');
  assert.match((await panel.active.textContent()) ?? '', /applied/);
  await panel.press('Home', 'PageDown');
  const box = (await panel.active.boundingBox())!;
  assert.ok(box.y > 100 && box.y < 480, 'the active row is in sight');
  const active = await panel.list.getAttribute('aria-activedescendant');
  assert.equal(await panel.active.getAttribute('id'), active);
  await panel.press('Escape');
  assert.equal(await panel.focused(), 'query');
  await panel.press('Control+ArrowDown', 'x');
  assert.equal(await panel.focused(), 'query');
  assert.equal(await panel.query.inputValue(), 'sessionsx');
});

test('Up and Down in the box recall earlier searches; Down from the draft enters the list', async (t) => {
  const { panel, world } = await open(t, { history: ['invoice number', 'tide'] });
  await panel.search('draft');
  await panel.press('ArrowUp', 'ArrowUp');
  assert.equal(await panel.query.inputValue(), 'tide');
  await panel.press('ArrowDown', 'ArrowDown');
  assert.equal(await panel.query.inputValue(), 'draft');
  await panel.settle();
  await panel.press('ArrowDown');
  assert.equal(await panel.focused(), 'list');
  assert.ok(world.searches.length >= 1);
});

test('filters by keyboard: add, see the chip, search with it, remove', async (t) => {
  const { panel, world, page } = await open(t);
  await panel.search('sessions');
  await panel.frame.locator('.chip.add').focus();
  await panel.press('Enter');
  await page.keyboard.type('typescr');
  await panel.press('Enter');
  await page.locator('.picker input').fill('!test/**');
  await panel.press('Enter', 'Escape');
  await panel.settle();
  assert.deepEqual(await panel.chips.allTextContents(), ['TypeScript', '!test/**']);
  assert.deepEqual(world.searches.at(-1)!.filters, { languages: ['typescript'], paths: ['!test/**'] });
  await panel.chips.first().focus();
  await panel.press('Delete');
  await panel.settle();
  assert.deepEqual(world.searches.at(-1)!.filters, { paths: ['!test/**'] });
  assert.equal(await page.evaluate(() => document.activeElement?.classList.contains('add')), true);
});

test('the mode is chosen from a menu', async (t) => {
  const { panel, world } = await open(t);
  await panel.search('sessions');
  await panel.frame.locator('.chip.mode').focus();
  await panel.press('ArrowDown', 'ArrowDown', 'Enter');
  await panel.settle();
  assert.equal(world.searches.at(-1)!.mode, 'semantic');
  assert.equal(await panel.frame.locator('.chip.mode').textContent(), 'Semantic');
});

test('find similar from the menu, and back to the same place', async (t) => {
  const { panel } = await open(t);
  await panel.search('sessions');
  await panel.press('Enter', 'ArrowDown', 'Shift+F10');
  await panel.menuItems.filter({ hasText: 'Find Similar Code' }).click();
  await panel.title.waitFor();
  assert.equal(await panel.title.textContent(), 'Similar to session.ts:25–36');
  assert.equal(await panel.focused(), 'list');
  await panel.press('Escape');
  await panel.settle();
  assert.equal(await panel.results.count(), 12);
  assert.match((await panel.active.textContent()) ?? '', /verifySession/);
  assert.equal(await panel.focused(), 'list');
});

test('copy the code with Ctrl+C, the path from the menu', async (t) => {
  const { panel, world } = await open(t);
  await panel.search('sessions');
  await panel.press('Enter', 'Control+c', 'Shift+F10');
  await panel.menuItems.filter({ hasText: 'Copy Path' }).click();
  await panel.waitFor(() => world.copied.length === 2);
  assert.match(world.copied[0]!, /export function signSession/);
  assert.equal(world.copied[1], 'src/auth/session.ts:17');
});

test('a click on a line of code opens that line, a double click opens for good', async (t) => {
  const { panel, world } = await open(t);
  await panel.search('sessions');
  await panel.result('signSession').locator('.code-line').nth(1).click();
  await panel.waitFor(() => world.opened.length === 1);
  assert.equal(world.opened[0]!.location.startLine, 19);
  assert.equal(world.opened[0]!.how, 'preview');
  await panel.result('signSession').locator('.name').dblclick();
  await panel.waitFor(() => world.opened.at(-1)!.how === 'open');
});

test('scrolling fetches more, keeps the place, and every result is there once', async (t) => {
  const world = new FakeWorld();
  const all = manyResults(90);
  world.onSearch = ({ limit, offset = 0 }) =>
    Promise.resolve(response(all.slice(offset, offset + limit), { more: offset + limit < all.length }));
  const { panel } = await open(t, { world });
  await panel.search('everything');
  await panel.press('Enter');
  for (let round = 0; round < 6; round += 1) {
    await panel.press('End');
    await panel.settle();
  }
  assert.equal(await panel.results.count(), 90);
  assert.deepEqual(
    world.searches.map(({ offset }) => offset),
    [0, 30, 60],
  );
});

test('what the user sees survives hiding and showing the panel', async (t) => {
  const harness = await open(t, { height: 400 });
  const { panel, page, world } = harness;
  await panel.search('sessions');
  await panel.press('Enter', 'ArrowDown', 'ArrowRight');
  await page.locator('.body').evaluate((body) => body.scrollTo(0, 140));
  await page.waitForTimeout(600);
  const searches = world.searches.length;
  await harness.reload();
  await panel.settle();
  assert.equal(await panel.query.inputValue(), 'sessions');
  assert.equal(await panel.results.count(), 12);
  assert.equal(await panel.frame.locator('.why').count(), 1);
  assert.equal(await page.locator('.body').evaluate((body) => body.scrollTop), 140);
  assert.equal(world.searches.length, searches, 'nothing is asked again');
});

test('an error is shown where the results would be, with its hint, and the panel goes on', async (t) => {
  const world = new FakeWorld();
  world.onSearch = () =>
    Promise.reject(new SextantError('database_busy', 'The index is busy.', { hint: 'Try again in a moment.' }));
  const { panel } = await open(t, { world });
  await panel.search('sessions');
  assert.match((await panel.frame.locator('.failure').textContent()) ?? '', /The index is busy.*Try again in a moment/);
  world.onSearch = () => Promise.resolve(response(sampleResults()));
  await panel.frame.getByRole('button', { name: 'Try Again' }).click();
  await panel.results.first().waitFor();
});

test('text of the workspace is never taken for markup', async (t) => {
  const world = new FakeWorld();
  const evil = '<img src=x onerror="document.title=1"><script>document.title=2</script>';
  const [sample] = sampleResults();
  world.onSearch = () =>
    Promise.resolve(
      response(
        [{ ...sample!, text: evil, path: `${evil}.ts`, symbol: evil, signature: evil, matches: ['img', evil] }],
        {
          notice: evil,
        },
      ),
    );
  const { panel, page } = await open(t, { world });
  const title = await page.title();
  await panel.search(evil);
  await panel.press('Enter', 'ArrowRight');
  assert.equal(await page.title(), title);
  assert.equal(await page.locator('img, #app script').count(), 0);
});

test('nothing found: what else to try', async (t) => {
  const world = new FakeWorld();
  world.onSearch = ({ filters }) => Promise.resolve(response(filters.scopes === undefined ? sampleResults() : []));
  const { panel } = await open(t, { world });
  await panel.frame.locator('.chip.add').click();
  await panel.press('Enter', 'Escape');
  await panel.search('quantum flux');
  await panel.frame.getByText('Nothing found for “quantum flux”').waitFor();
  await panel.frame.getByText('Remove All Filters').click();
  await panel.results.first().waitFor();
});

test('while the index is built: phase, files, share, time, file, pause', async (t) => {
  const world = new FakeWorld();
  const growing = rootStatus({ phase: 'embedding', files: 1840, chunks: 12_000, embedded: 4300, etaSeconds: 130 });
  world.status = {
    status: engineStatus({ ...growing, currentFile: 'src/net/socket.ts' }),
    blocker: null,
    restricted: false,
  };
  const { panel } = await open(t, { world, width: 700 });
  const line = (await panel.foot.textContent()) ?? '';
  assert.equal(line, 'Embedding · 1,840 files · 36 % embedded · about 2 min leftsrc/net/socket.ts');
  await panel.frame.getByLabel('Pause Indexing').click();
  await panel.waitFor(() => world.commands.length === 1);
  assert.deepEqual(world.commands, ['pauseIndexing']);
});

test('blockers say what to do', async (t) => {
  const cases = [
    ['noFolder', 'Open Folder', 'openFolder'],
    ['untrusted', 'Manage Workspace Trust', 'manageTrust'],
    ['engineDown', 'Restart Engine', 'restartEngine'],
  ] as const;
  for (const [blocker, label, command] of cases) {
    const world = new FakeWorld();
    world.status = { status: null, blocker, restricted: false };
    const { panel } = await open(t, { world });
    await panel.frame.getByText(label).click();
    await panel.waitFor(() => world.commands.length === 1);
    assert.deepEqual(world.commands, [command]);
  }
});

test('duplicates: groups with their places', async (t) => {
  const { panel, host, world } = await open(t);
  host.showDuplicates(sampleDuplicates());
  await panel.title.waitFor();
  assert.equal(await panel.title.textContent(), 'Duplicates');
  assert.equal(await panel.frame.locator('.row.member').count(), 5);
  await panel.press('ArrowDown', 'Enter');
  await panel.waitFor(() => world.opened.some(({ how }) => how === 'open'));
  assert.equal(world.opened.at(-1)!.location.path, 'src/store/guestStore.ts');
});

test('the number of results is announced', async (t) => {
  const { panel, page } = await open(t);
  await panel.search('sessions');
  await page.waitForFunction(() => document.querySelector('[aria-live]')?.textContent !== '');
  assert.equal(await page.locator('[aria-live]').textContent(), '12 results in 10 files');
});

test('each theme and width: no part of the panel is wider than it', async (t) => {
  for (const theme of themeNames) {
    for (const width of [200, 300, 1180]) {
      const { panel, page } = await open(t, { theme, width, height: 600 });
      await panel.search('how are sessions signed?');
      await panel.press('Enter', 'ArrowRight');
      const overflow = await page.evaluate(() =>
        [...document.querySelectorAll('.head, .summary, .body, .tree, .row, .why')]
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.className),
      );
      assert.deepEqual(overflow, [], `${theme} at ${width}`);
      const file = new URL(`../../test-results/panel/${theme}-${width}.png`, import.meta.url).pathname;
      await page.screenshot({ path: file });
    }
  }
});
