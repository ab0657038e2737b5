import type { Frame, Locator, Page } from 'playwright-core';
import { PanelPage } from './panelPage.ts';

const slow = 60_000;

/** VS Code's window: what a user clicks and reads around the panel. */
export class WorkbenchPage {
  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Opens the workbench and waits until extensions can run. */
  async open(url: string): Promise<void> {
    await this.page.goto(url);
    await this.page.locator('.monaco-workbench').waitFor({ timeout: slow });
    await this.sextantIcon.waitFor({ timeout: slow });
  }

  get sextantIcon(): Locator {
    return this.page.locator('.activitybar .action-item a[aria-label^="Sextant"]').first();
  }
  get statusItem(): Locator {
    return this.page.locator('.statusbar-item[id^="sextant.sextant"]').first();
  }
  get activeTab(): Locator {
    return this.page.locator('.tab.active .label-name').first();
  }
  get cursor(): Locator {
    return this.page.locator('[id="status.editor.selection"]');
  }
  get editorGroups(): Locator {
    return this.page.locator('.editor-group-container');
  }
  get notifications(): Locator {
    return this.page.locator('.notifications-toasts .notification-list-item');
  }

  /** Shows the search panel and waits until it can be typed into. */
  async openPanel(): Promise<PanelPage> {
    if ((await this.#panelFrame()) === null) await this.sextantIcon.click();
    const deadline = Date.now() + slow;
    for (;;) {
      const frame = await this.#panelFrame();
      if (frame !== null) return new PanelPage(this.page, frame);
      if (Date.now() > deadline) throw new Error('The search panel did not appear within a minute.');
      await this.page.waitForTimeout(100);
    }
  }

  async #panelFrame(): Promise<Frame | null> {
    for (const frame of this.page.frames()) {
      const query = frame.locator('#query');
      const visible = await query.isVisible().catch(() => false);
      if (visible) return frame;
    }
    return null;
  }

  /** A text inside the one webview that is open, whatever it shows. */
  inWebview(content: string): Locator {
    return this.page.frameLocator('iframe.webview').frameLocator('iframe').getByText(content);
  }

  /** Drags the border between side bar and editor. */
  async resizeSideBar(width: number): Promise<void> {
    const bar = (await this.page.locator('.part.sidebar').boundingBox())!;
    const middle = bar.y + bar.height / 2;
    await this.page.mouse.move(bar.x + bar.width, middle);
    await this.page.mouse.down();
    await this.page.mouse.move(bar.x + width, middle, { steps: 4 });
    await this.page.mouse.up();
  }

  /** Runs a command of the palette by its title. */
  async run(title: string): Promise<void> {
    await this.page.keyboard.press('F1');
    const input = this.page.locator('.quick-input-widget input');
    await input.waitFor();
    await input.fill(`>${title}`);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: title }).first().click();
  }

  /** Chooses a colour theme by its label and waits until webviews have it too. */
  async chooseTheme(label: string): Promise<void> {
    await this.run('Preferences: Color Theme');
    const input = this.page.locator('.quick-input-widget input');
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: 'Modern' }).first().waitFor();
    await input.fill(label);
    await this.page.keyboard.press('Enter');
    const frame = await this.#panelFrame();
    await frame?.waitForFunction((name) => document.body.dataset['vscodeThemeName'] === name, label);
    await input.waitFor({ state: 'hidden' });
  }

  /** Opens a file of the workspace by its name. */
  async openFile(name: string): Promise<void> {
    await this.page.keyboard.press('Control+P');
    const input = this.page.locator('.quick-input-widget input');
    await input.waitFor();
    await input.fill(name);
    await this.page.locator('.quick-input-list .monaco-list-row', { hasText: name }).first().click();
    await this.waitForTab(name);
  }

  async waitForTab(name: string): Promise<void> {
    await this.page.locator('.tab.active', { hasText: name }).first().waitFor({ timeout: slow });
  }

  /** The editor's first visible line number that is selected or holds the cursor, as the status bar says it. */
  async cursorLine(): Promise<number> {
    const label = (await this.cursor.textContent()) ?? '';
    return Number(/Ln (\d+)/.exec(label)?.[1] ?? Number.NaN);
  }
}
