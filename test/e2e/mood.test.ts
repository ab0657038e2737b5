import assert from 'node:assert/strict';
import { after, before, test, type TestContext } from 'node:test';
import type { Browser } from 'playwright-core';
import { MoodFixture } from '../support/moodFixture.ts';
import { waitFor } from '../support/waitFor.ts';
import { launchBrowser } from './browser.ts';
import { openMood, type MoodHarness } from './harness/moodHarness.ts';
import { themeNames, type ViewOptions } from './harness/viewHarness.ts';

let browser: Browser;
before(async () => {
  browser = await launchBrowser();
});
after(() => browser.close());

const day = 86_400;
/** Noon of the Monday eight weeks ago. */
const start = Math.floor((Date.now() / 1000 - 4 * day) / (7 * day)) * 7 * day + 4.5 * day - 56 * day;

interface Opened extends MoodHarness {
  readonly fixture: MoodFixture;
}

/** A real repository whose messages say their mood: 4 commits in the first week, 2 in the third. */
async function open(t: TestContext, options: ViewOptions = {}): Promise<Opened> {
  const fixture = new MoodFixture(t);
  const { repository } = fixture;
  const commits: [message: string, at: number, file: string][] = [
    ['Start', 0, 'src/net/a.ts'],
    ['ugh, sockets', 1, 'src/net/a.ts'],
    ['ugh, again', 2, 'src/ui/b.ts'],
    ['Add docs', 3, 'README.md'],
    ['thanks for the review', 14, 'src/ui/b.ts'],
    ['Tidy', 15, 'src/net/c.ts'],
  ];
  for (const [message, days, file] of commits) {
    repository.commit({ message, at: start + days * day, files: { [file]: message } });
  }
  const view = await openMood(browser, { service: fixture.history, mood: fixture.mood }, options);
  t.after(() => view.page.close());
  await waitFor('the report', async () => (await view.page.locator('.summary').textContent())?.startsWith('6 items'));
  return { ...view, fixture };
}

function bars({ page }: Opened): Promise<(readonly [up: number, down: number])[]> {
  return page.locator('.bar').evaluateAll((all) =>
    all.map((bar) => {
      const height = (name: string): number => Number(bar.querySelector(`.${name}`)?.getAttribute('height'));
      return [height('positive'), height('negative')] as const;
    }),
  );
}

async function texts({ page }: Opened, selector: string): Promise<string[]> {
  return (await page.locator(selector).allTextContents()).map((text) => text.trim());
}

test('the chart, the folders and the lists say what the commits say', async (t) => {
  const view = await open(t);
  assert.equal(await view.page.locator('.summary').textContent(), '6 items · 33 % negative · 17 % positive');
  // Half of each of the two weeks: both reach the edge, which is 40 units away.
  assert.deepEqual(await bars(view), [
    [0, 40],
    [0, 0],
    [40, 0],
  ]);
  assert.deepEqual(await texts(view, '.place-name'), ['src', 'README.md']);
  assert.deepEqual(await texts(view, '.place .number:not(.dim)'), ['40 %', '0 %']);
  assert.deepEqual(await texts(view, '.item-title'), ['ugh, again', 'ugh, sockets', 'thanks for the review']);
  assert.deepEqual(view.complaints, []);
});

test('the keyboard moves along the bars and narrows to one', async (t) => {
  const view = await open(t);
  const chart = view.page.locator('.chart');
  await chart.focus();
  assert.match((await chart.getAttribute('aria-valuetext')) ?? '', /2 items, 0 negative \(0 %\), 1 positive \(50 %\)$/);
  await view.page.keyboard.press('Home');
  assert.match((await chart.getAttribute('aria-valuetext')) ?? '', /4 items, 2 negative \(50 %\)/);
  await view.page.keyboard.press('Enter');
  await waitFor('the week alone', async () =>
    (await view.page.locator('.summary').textContent())?.startsWith('4 items'),
  );
  assert.equal(await view.page.locator('.chip').count(), 1);
  await view.page.locator('.chip button').click();
  await waitFor('all of it', async () => (await view.page.locator('.summary').textContent())?.startsWith('6 items'));
});

test('folders open, files too, and both narrow what is shown', async (t) => {
  const view = await open(t);
  await view.page.locator('.place-name').first().click();
  await waitFor('the folder', async () => (await texts(view, '.place-name')).includes('net'));
  assert.deepEqual(await texts(view, '.breadcrumb .link'), ['All folders', 'src']);
  await view.page.locator('.place', { hasText: 'net' }).locator('.icon-button').click();
  await waitFor('its items', async () => (await view.page.locator('.summary').textContent())?.startsWith('3 items'));
  await view.page.locator('.place-name', { hasText: 'net' }).click();
  await waitFor('its files', async () => (await texts(view, '.place-name')).includes('a.ts'));
  await view.page.locator('.place-name', { hasText: 'a.ts' }).click();
  await waitFor('the file', () => view.files[0] === 'src/net/a.ts');
});

test('the keyboard stays where it was when what it was on goes away', async (t) => {
  const view = await open(t);
  const took = (): Promise<string[]> =>
    view.page.evaluate(() => (globalThis as { tookFocus?: string[] }).tookFocus ?? []);
  await view.page.locator('.item .link').first().focus();
  await view.page.keyboard.press('Enter');
  await view.page.locator('.correction .link', { hasText: 'Positive' }).focus();
  // With the next report, which may come before anybody looks, the item itself goes from its list.
  await view.page.evaluate(() => {
    const tookFocus: string[] = [];
    document.addEventListener('focusin', ({ target }) => tookFocus.push((target as Element).textContent.trim()));
    Object.assign(globalThis, { tookFocus });
  });
  await view.page.keyboard.press('Enter');
  await waitFor('the correction to be gone', async () => (await view.page.locator('.correction').count()) === 0);
  assert.equal((await took())[0], 'Wrong?');
  await waitFor('the count', async () =>
    (await view.page.locator('.summary').textContent())?.includes('17 % negative'),
  );
  assert.ok(await view.page.evaluate(() => document.activeElement?.matches('button')), (await took()).join());
});

test('an item opens its commit, and a correction counts at once', async (t) => {
  const view = await open(t);
  await view.page.locator('.item-title').first().click();
  await waitFor('the commit', () => view.opened.length === 1);
  assert.equal(view.opened[0]?.kind, 'commit');
  await view.page.locator('.item .link').first().click();
  await view.page.locator('.correction .link', { hasText: 'Neutral' }).click();
  await waitFor('the count', async () =>
    (await view.page.locator('.summary').textContent())?.includes('17 % negative'),
  );
  assert.deepEqual(await texts(view, '.item-title'), ['ugh, sockets', 'thanks for the review']);
  assert.deepEqual(view.errors, []);
});

test('authors are counted only when asked for, with a note', async (t) => {
  const view = await open(t);
  assert.equal(await view.page.getByText('Ada').count(), 0);
  await view.page.locator('.authors input').click();
  await view.page.waitForSelector('.authors table');
  assert.match((await view.page.locator('.authors .note').textContent()) ?? '', /Do not judge people by it/);
  assert.deepEqual(await texts(view, '.authors tbody th'), ['Ada']);
});

test('the view comes back as it was left, and without issues says how to get some', async (t) => {
  const view = await open(t);
  await view.page.locator('select[aria-label="Bars"]').selectOption('month');
  await waitFor('months', async () => !((await view.page.locator('.axis').textContent()) ?? '').includes('W'));
  await view.reload();
  await view.page.waitForSelector('.timeline');
  assert.equal(await view.page.locator('select[aria-label="Bars"]').inputValue(), 'month');
  await view.page.locator('select[aria-label="What to look at"]').selectOption('issues');
  await view.page.getByRole('button', { name: 'Fetch issues' }).click();
  await waitFor('the command', () => view.commands[0] === 'fetchIssues');
});

for (const theme of themeNames) {
  test(`every control has a name, and nothing spills over, in ${theme}`, async (t) => {
    const view = await open(t, { theme, width: 220 });
    const nameless = await view.page
      .locator('button, select, input')
      .evaluateAll(
        (all) =>
          all.filter(
            (element) =>
              !(element.getAttribute('aria-label') ?? element.textContent.trim()) && element.closest('label') === null,
          ).length,
      );
    assert.equal(nameless, 0);
    const wider = await view.page.evaluate(
      () => document.querySelector('.body')!.scrollWidth - document.querySelector('.body')!.clientWidth,
    );
    assert.ok(wider <= 0, `${wider} pixels too wide`);
    assert.deepEqual(view.complaints, []);
  });
}
