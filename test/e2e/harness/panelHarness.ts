import { build } from 'esbuild';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { SearchHistory } from '../../../src/extension/views/searchHistory.ts';
import { SearchPanel, type OpenHow, type PanelStatus } from '../../../src/extension/views/searchPanel.ts';
import { searchViewHtml } from '../../../src/extension/views/searchViewHtml.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import type { EngineMethod, EngineParams, EngineResults } from '../../../src/shared/protocol.ts';
import type { Location, SearchRequest, SearchResponse, SimilarRequest } from '../../../src/shared/search.ts';
import { PanelPage } from '../pages/panelPage.ts';
import { engineStatus, response, sampleResults } from './sampleData.ts';
import themes from './themes.json' with { type: 'json' };

/** `themes.json` holds the variables that our style sheets use, as VS Code 1.139 sets them in a webview. */
export type Theme = keyof typeof themes;
export const themeNames = Object.keys(themes) as Theme[];

const repository = path.join(import.meta.dirname, '..', '..', '..');
const origin = 'http://panel.test';

/** What the panel was answered and what it asked for; tests change the answers. */
export class FakeWorld {
  status: PanelStatus = { status: engineStatus(), blocker: null, restricted: false };
  multiRoot = false;
  maxResults = 30;
  onSearch: (request: SearchRequest, signal: AbortSignal) => Promise<SearchResponse> = (request) =>
    Promise.resolve(response(sampleResults(), { query: request.query }));
  onSimilar: (request: SimilarRequest) => Promise<SearchResponse> = () =>
    Promise.resolve(response(sampleResults().slice(1, 6)));
  readonly searches: SearchRequest[] = [];
  readonly opened: { location: Location; how: OpenHow }[] = [];
  readonly copied: string[] = [];
  readonly commands: string[] = [];
  readonly errors: unknown[] = [];

  async request<M extends EngineMethod>(
    method: M,
    params: EngineParams<M>,
    signal?: AbortSignal,
  ): Promise<EngineResults[M]> {
    if (method === 'search') {
      this.searches.push(params as SearchRequest);
      return (await this.onSearch(params as SearchRequest, signal!)) as EngineResults[M];
    }
    if (method === 'similar') return (await this.onSimilar(params as SimilarRequest)) as EngineResults[M];
    throw new SextantError('internal', `The fake engine knows no ${method}.`);
  }
}

function memory(queries: readonly string[]) {
  const values = new Map<string, unknown>([['sextant.searchHistory', queries]]);
  return {
    get: (key: string) => values.get(key),
    update: (key: string, value: unknown) => {
      values.set(key, value);
      return Promise.resolve();
    },
  };
}

function hostOf(world: FakeWorld, history: readonly string[]): SearchPanel {
  const facets = {
    languages: ['typescript', 'python', 'go', 'rust', 'sql', 'shellscript', 'markdown'],
    kinds: ['function', 'method', 'class', 'enum', 'section', 'test'] as const,
  };
  return new SearchPanel(
    {
      request: (method, params, signal) => world.request(method, params, signal),
      status: () => world.status,
      settings: () => ({ mode: 'hybrid', multiRoot: world.multiRoot, facets, maxResults: world.maxResults }),
      open: (location, how) => {
        world.opened.push({ location, how });
        return Promise.resolve();
      },
      copy: (text) => {
        world.copied.push(text);
        return Promise.resolve();
      },
      run: (command) => {
        world.commands.push(command);
        return Promise.resolve();
      },
      reportError: (error) => void world.errors.push(error),
    },
    new SearchHistory(memory(history)),
  );
}

let bundle: Promise<ReadonlyMap<string, Buffer>> | undefined;

async function bundled(): Promise<ReadonlyMap<string, Buffer>> {
  const { outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: { search: 'src/webview/search/main.ts' },
    outdir: 'dist/webview',
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'chrome128',
  });
  const files = new Map(outputFiles.map((file) => [path.basename(file.path), Buffer.from(file.contents)]));
  const codicons = path.join(repository, 'node_modules', '@vscode', 'codicons', 'dist');
  for (const name of ['codicon.css', 'codicon.ttf']) files.set(name, await readFile(path.join(codicons, name)));
  return files;
}

const contentTypes: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.ttf': 'font/ttf',
};

async function serve(page: Page): Promise<void> {
  const files = await (bundle ??= bundled());
  const html = searchViewHtml({
    nonce: 'harness',
    cspSource: origin,
    language: 'en',
    title: 'Sextant: Search',
    scriptUri: `${origin}/search.js`,
    styleUris: [`${origin}/codicon.css`, `${origin}/search.css`],
  });
  await page.route(`${origin}/**`, async (route) => {
    const name = new URL(route.request().url()).pathname.slice(1);
    const body = files.get(name);
    if (name === '') await route.fulfill({ contentType: 'text/html', body: html });
    else if (body === undefined) await route.fulfill({ status: 404 });
    else await route.fulfill({ contentType: contentTypes[path.extname(name)] ?? 'text/plain', body });
  });
}

export interface HarnessOptions {
  readonly theme?: Theme;
  readonly width?: number;
  readonly height?: number;
  readonly history?: readonly string[];
  readonly world?: FakeWorld;
}

export interface Harness {
  readonly page: Page;
  readonly panel: PanelPage;
  readonly world: FakeWorld;
  /** The extension's own half of the panel, with a fake engine behind it. */
  readonly host: SearchPanel;
  /** Messages of the browser's console and errors of the page, CSP violations among them. */
  readonly complaints: string[];
  /** Loads the page anew with the state that it kept, as VS Code does when a hidden view is shown again. */
  reload(): Promise<void>;
}

/**
 * The built panel in plain Chromium, inside the shell and the content security policy that the extension gives it,
 * with the variables of a real theme, talking to the extension's own message handler.
 */
export async function openPanel(browser: Browser, options: HarnessOptions = {}): Promise<Harness> {
  const { theme = 'dark-modern', width = 320, height = 720, history = [], world = new FakeWorld() } = options;
  const page = await browser.newPage({ viewport: { width, height } });
  const host = hostOf(world, history);
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
  await serve(page);
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
  return { page, panel: new PanelPage(page, page.mainFrame()), world, host, complaints, reload };
}
