import type * as vscode from 'vscode';
import type { SettingsSnapshot } from '../config/settingsSnapshot.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import type { HubToken } from '../secrets/hubToken.ts';
import type { RemoteKey } from '../secrets/remoteKey.ts';
import type { McpLauncher } from '../tools/mcpLauncher.ts';
import type { FinetunePanel } from '../views/finetunePanel.ts';
import type { LocationOpener } from '../views/openLocation.ts';
import type { MoodPanel } from '../views/moodPanel.ts';
import type { PanelView } from '../views/panelView.ts';
import type { SearchHistory } from '../views/searchHistory.ts';
import type { SearchPanel } from '../views/searchPanel.ts';
import type { StatusReporter } from '../views/statusReporter.ts';

/** What commands may use; made once by the composition root. */
export interface CommandContext {
  readonly engine: EngineClient;
  readonly panel: SearchPanel;
  readonly view: PanelView<SearchPanel>;
  readonly finetuneView: PanelView<FinetunePanel>;
  readonly history: SearchHistory;
  readonly opener: LocationOpener;
  readonly reporter: StatusReporter;
  readonly mood: PanelView<MoodPanel>;
  readonly secrets: vscode.SecretStorage;
  readonly remoteKey: RemoteKey;
  readonly hubToken: HubToken;
  readonly mcpLauncher: McpLauncher;
  readonly log: vscode.LogOutputChannel;
  /** The settings of now. */
  readonly settings: () => SettingsSnapshot;
  /** Shows an error that a command met, with what can be done about it. */
  readonly reportError: (error: unknown) => void;
}

/**
 * Arguments come from anywhere (menus, keybindings, other extensions), so each handler checks its own. A rejection is
 * shown to the user by the caller.
 */
export type CommandHandler = (context: CommandContext, ...args: readonly unknown[]) => void | Promise<void>;
