import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { viewHtml } from '../../../src/extension/views/viewHtml.ts';
import themes from './themes.json' with { type: 'json' };

/** `themes.json` holds the variables that our style sheets use, as VS Code 1.139 sets them in a webview. */
export type Theme = keyof typeof themes;
export const themeNames = Object.keys(themes) as Theme[];

const repository = path.join(import.meta.dirname, '..', '..', '..');
const origin = 'http://panel.test';

/** The extension's half of a view. */
export interface ViewHost {
  attach(post: (message: unknown) => void): void;
  detach(): void;
  receive(message: unknown): Promise<void>;
}

const bundles = new Map<string, Promise<ReadonlyMap<string, Buffer>>>();

async function bundled(name: string): Promise<ReadonlyMap<string, Buffer>> {
  const { outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: { [name]: `src/webview/${name}/main.ts` },
    outdir: 'dist/webview',
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'chrome128',
  });
  const files = new Map(outputFiles.map((file) => [path.basename(file.path), Buffer.from(file.contents)]));
  const codicons = path.join(repository, 'node_modules', '@vscode', 'codicons', 'dist');
  for (const file of ['codicon.css', 'codicon.ttf']) files.set(file, await readFile(path.join(codicons, file)));
  return files;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
};

async function serve(page: Page, view: string): Promise<void> {
  const bundle = bundles.get(view) ?? bundled(view);
  bundles.set(view, bundle);
  const files = await bundle;
  const html = viewHtml({
    nonce: 'harness',
    cspSource: origin,
    language: 'en',
    title: `Sextant: ${view}`,
    scriptUri: `${origin}/${view}.js`,
    styleUris: [`${origin}/codicon.css`, `${origin}/${view}.css`],
  });
  await page.route(`${origin}/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    const body = files.get(name);
    if (name === '') await route.fulfill({ contentType: 'text/html', body: html });
    else if (body === undefined) await route.fulfill({ status: 404 });
    else await route.fulfill({ contentType: contentTypes[path.extname(name)] ?? 'text/plain', body });
  });
}

export interface ViewOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
}

export interface OpenView {
  readonly page: Page;
  /** Messages of the browser's console and errors of the page, CSP violations among them. */
  readonly complaints: string[];
  /** Loads the page anew with the state that it kept, as VS Code does when a hidden view is shown again. */
  reload(): Promise<void>;
}

/**
 * A built view (a folder of `src/webview`) in plain Chromium, inside the shell and the content security policy that the extension
 * gives it, with the variables of a real theme, talking to the extension's own message handler.
 */
export async function openView(
  browser: Browser,
  view: string,
  host: ViewHost,
  { theme = 'dark-modern', width = 320, height = 720 }: ViewOptions = {},
): Promise<OpenView> {
  const page = await browser.newPage({ viewport: { width, height } });
  const complaints: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => void complaints.push(String(error)));
  await page.exposeFunction('harnessPost', (message: unknown) => host.receive(message));
  await page.addInitScript(
    ({ bodyClass, kind, variables, wide }) => {
      const scope = globalThis as unknown as Record<string, (value?: unknown) => unknown>;
      let state: unknown = JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined;
      scope.acquireVsCodeApi = () => ({
        postMessage: (message: unknown) => scope.harnessPost?.(message),
        getState: () => state,
        setState: (next: unknown) => {
          state = next;
          sessionStorage.setItem('state', JSON.stringify(next));
        },
      });
      document.addEventListener('DOMContentLoaded', () => {
        const { style } = document.documentElement;
        for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
        const place = wide ? 'panel' : 'sideBar';
        document.body.style.background = `var(--vscode-${place}-background)`;
        document.body.className = bodyClass;
        document.body.dataset.vscodeThemeKind = kind;
      });
    },
    { ...themes[theme], variables: themes[theme].variables, wide: width > 600 },
  );
  await serve(page, view);
  const attach = async () => {
    host.attach((message) => {
      page.evaluate((data) => window.postMessage(data, '*'), message).catch(() => undefined);
    });
    await page.goto(`${origin}/`);
    await page.waitForSelector('.panel');
  };
  await attach();
  const reload = async () => {
    host.detach();
    await attach();
  };
  return { page, complaints, reload };
}
