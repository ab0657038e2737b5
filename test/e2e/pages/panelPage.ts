import type { Frame, Locator, Page } from 'playwright-core';

/** The search panel as a user sees it; works in VS Code's webview and in the harness. */
export class PanelPage {
  readonly #page: Page;
  readonly frame: Frame;

  constructor(page: Page, frame: Frame) {
    this.#page = page;
    this.frame = frame;
  }

  get query(): Locator {
    return this.frame.locator('#query');
  }
  get list(): Locator {
    return this.frame.locator('#list');
  }
  get files(): Locator {
    return this.frame.locator('.head-row');
  }
  get results(): Locator {
    return this.frame.locator('.row.result');
  }
  get active(): Locator {
    return this.frame.locator('.row.active');
  }
  get summary(): Locator {
    return this.frame.locator('.facts');
  }
  get title(): Locator {
    return this.frame.locator('.page-title h2');
  }
  get foot(): Locator {
    return this.frame.locator('.foot');
  }
  get chips(): Locator {
    return this.frame.locator('.chip.filter');
  }
  get menuItems(): Locator {
    return this.frame.locator('[role^=menuitem]');
  }

  /** The result of a symbol, by the last part of its name. */
  result(symbol: string): Locator {
    return this.results.filter({ has: this.frame.getByText(symbol, { exact: true }) }).first();
  }

  file(name: string): Locator {
    return this.files.filter({ has: this.frame.getByText(name, { exact: true }) }).first();
  }

  /** Types a query and waits until an answer to it is shown. */
  async search(query: string): Promise<void> {
    await this.query.fill(query);
    await this.settle();
  }

  /** Waits until nothing is asked for any more and the list is drawn. */
  async settle(): Promise<void> {
    await this.#page.waitForTimeout(200);
    await this.frame.waitForFunction(() => document.querySelector('.progress.busy, .panel[aria-busy="true"]') === null);
  }

  /** Waits for something that happens outside of the page. */
  async waitFor(condition: () => boolean): Promise<void> {
    const deadline = Date.now() + 10_000;
    while (!condition()) {
      if (Date.now() > deadline) throw new Error('The panel did not do it within ten seconds.');
      await this.#page.waitForTimeout(20);
    }
  }

  async press(...keys: string[]): Promise<void> {
    for (const key of keys) await this.#page.keyboard.press(key);
  }

  /** What has the focus: the id of its element. */
  async focused(): Promise<string> {
    return this.frame.evaluate(() => document.activeElement?.id ?? '');
  }
}
