import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import { serializeError } from '../../shared/errors.ts';
import type { HistoryPlace } from '../../shared/history.ts';
import { symbolKinds } from '../../shared/search.ts';
import type { EngineStatus } from '../../shared/status.ts';
import type { SettingsSnapshot } from '../config/settingsSnapshot.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import type { LocationOpener } from './openLocation.ts';
import type { OpenHow, PanelCommand, PanelHost, PanelStatus } from './searchPanel.ts';

export interface PanelHostParts {
  readonly client: EngineClient;
  readonly opener: LocationOpener;
  readonly openItem: (item: HistoryPlace & { readonly root: string }, how: OpenHow) => Promise<void>;
  readonly settings: () => SettingsSnapshot;
  readonly report: (error: unknown) => void;
}

const previewErrorMs = 5_000;

/** What each command of the panel runs; its Re-index button updates without asking. */
const panelCommands: Readonly<
  Record<PanelCommand, readonly [id: CommandId | `vscode.${string}` | `workbench.${string}`, ...args: unknown[]]>
> = {
  reindex: ['sextant.reindex', { fresh: false }],
  pauseIndexing: ['sextant.pauseIndexing'],
  resumeIndexing: ['sextant.resumeIndexing'],
  showLog: ['sextant.showLog'],
  restartEngine: ['sextant.restartEngine'],
  openFolder: ['vscode.openFolder'],
  manageTrust: ['workbench.trust.manage'],
};

/** Connects the search panel to VS Code and the engine. */
export function createPanelHost({ client, opener, openItem, settings, report }: PanelHostParts): PanelHost {
  return {
    request: (method, params, signal) => client.request(method, params, signal),
    status: () => panelStatus(client),
    settings: () => ({
      mode: settings().searchMode,
      maxResults: settings().maxResults,
      multiRoot: localFolders().length > 1,
      facets: { languages: languages(client.status), kinds: symbolKinds },
    }),
    open: async (location, how, item) => {
      if (item !== undefined) return openItem({ root: location.root, ...item }, how);
      try {
        await opener.open(location, how);
      } catch (error) {
        // A preview was not asked for: moving over a file that is gone must not pile up notifications.
        if (how !== 'preview') throw error;
        vscode.window.setStatusBarMessage(serializeError(error).message, previewErrorMs);
      }
    },
    copy: async (text) => vscode.env.clipboard.writeText(text),
    run: async (command) => {
      const [id, ...args] = panelCommands[command];
      await vscode.commands.executeCommand(id, ...args);
    },
    reportError: report,
  };
}

function panelStatus(client: EngineClient): PanelStatus {
  const { state, status } = client;
  const restricted = !vscode.workspace.isTrusted;
  if (localFolders().length === 0) return { status: null, blocker: 'noFolder', restricted };
  if (state.kind === 'failed') {
    return { status: null, blocker: 'engineDown', restricted, error: serializeError(state.error) };
  }
  return { status, blocker: null, restricted };
}

/** Languages of the indexed files, the most common first. */
function languages(status: EngineStatus | null): string[] {
  const counts = new Map<string, number>();
  for (const root of status?.roots ?? []) {
    for (const [language, count] of Object.entries(root.languages ?? {})) {
      counts.set(language, (counts.get(language) ?? 0) + count);
    }
  }
  return [...counts].sort(([, a], [, b]) => b - a).map(([language]) => language);
}
