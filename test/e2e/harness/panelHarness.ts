import type { Browser } from 'playwright-core';
import { SearchHistory } from '../../../src/extension/views/searchHistory.ts';
import { SearchPanel, type OpenHow, type PanelStatus } from '../../../src/extension/views/searchPanel.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import type { EngineMethod, EngineParams, EngineResults } from '../../../src/shared/protocol.ts';
import type { Location, SearchRequest, SearchResponse, SimilarRequest } from '../../../src/shared/search.ts';
import { PanelPage } from '../pages/panelPage.ts';
import { engineStatus, response, sampleResults } from './sampleData.ts';
import { openView, type OpenView, type ViewOptions } from './viewHarness.ts';

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

export interface HarnessOptions extends ViewOptions {
  readonly history?: readonly string[];
  readonly world?: FakeWorld;
}

export interface Harness extends OpenView {
  readonly panel: PanelPage;
  readonly world: FakeWorld;
  /** The extension's own half of the panel, with a fake engine behind it. */
  readonly host: SearchPanel;
}

/** The search panel, see {@link openView}, with a fake engine behind it. */
export async function openPanel(browser: Browser, options: HarnessOptions = {}): Promise<Harness> {
  const { history = [], world = new FakeWorld(), ...view } = options;
  const host = hostOf(world, history);
  const opened = await openView(browser, 'search', host, view);
  return { ...opened, panel: new PanelPage(opened.page, opened.page.mainFrame()), world, host };
}
