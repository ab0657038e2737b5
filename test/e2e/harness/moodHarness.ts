import type { Browser } from 'playwright-core';
import { moodHandlers } from '../../../src/engine/history/moodHandlers.ts';
import type { HistoryService } from '../../../src/engine/history/historyService.ts';
import type { MoodService } from '../../../src/engine/sentiment/moodService.ts';
import { MoodPanel, type MoodHost } from '../../../src/extension/views/moodPanel.ts';
import type { EngineMethod, EngineParams, EngineResults } from '../../../src/shared/protocol.ts';
import { openView, type OpenView, type ViewOptions } from './viewHarness.ts';

export interface MoodHarness extends OpenView {
  readonly panel: MoodPanel;
  readonly opened: Parameters<MoodHost['open']>[0][];
  readonly files: string[];
  readonly commands: string[];
  readonly errors: unknown[];
}

type Handler = (params: unknown, signal: AbortSignal) => Promise<unknown>;

/** The mood view over a history and mood service of this process: the same handlers that the engine answers a window with. */
export async function openMood(
  browser: Browser,
  services: { readonly service: HistoryService; readonly mood: MoodService },
  options: ViewOptions = {},
): Promise<MoodHarness> {
  const handlers = moodHandlers(() => services) as unknown as Readonly<Record<string, Handler>>;
  const seen = { opened: [], files: [], commands: [], errors: [] } as Pick<
    MoodHarness,
    'opened' | 'files' | 'commands' | 'errors'
  >;
  const panel = new MoodPanel({
    request: <M extends EngineMethod>(method: M, params: EngineParams<M>, signal?: AbortSignal) =>
      handlers[method]!(params, signal ?? new AbortController().signal) as Promise<EngineResults[M]>,
    blocker: () => null,
    open: (item) => {
      seen.opened.push(item);
      return Promise.resolve();
    },
    openFile: (file) => {
      seen.files.push(file);
      return Promise.resolve();
    },
    exportFile: () => Promise.resolve(undefined),
    run: (command) => {
      seen.commands.push(command);
      return Promise.resolve();
    },
    reportError: (error) => void seen.errors.push(error),
  });
  const view = await openView(browser, 'mood', panel, options);
  return { ...view, ...seen, panel };
}
