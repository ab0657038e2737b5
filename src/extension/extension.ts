import * as vscode from 'vscode';
import { registerCommands } from './commands/registerCommands.ts';
import type { CommandContext } from './commands/commandContext.ts';
import { concernsSextant, readSettings } from './config/settingsSnapshot.ts';
import { EngineClient } from './engine/engineClient.ts';
import { CommitDocuments } from './git/commitDocuments.ts';
import { openHistoryItem } from './git/openHistoryItem.ts';
import { createApi, type SextantApi } from './extensionApi.ts';
import { writeLog } from './log.ts';
import { AgentSettingsFile } from './tools/agentSettingsFile.ts';
import { McpLauncher } from './tools/mcpLauncher.ts';
import { McpProvider } from './tools/mcpProvider.ts';
import { registerTools } from './tools/registerTools.ts';
import { HubToken } from './secrets/hubToken.ts';
import { RemoteKey } from './secrets/remoteKey.ts';
import { createFinetuneView } from './views/finetuneView.ts';
import { createMoodView } from './views/moodView.ts';
import { LocationOpener } from './views/openLocation.ts';
import { PanelView } from './views/panelView.ts';
import { reportError } from './views/reportError.ts';
import { SearchHistory } from './views/searchHistory.ts';
import { SearchPanel } from './views/searchPanel.ts';
import { createPanelHost, type PanelHostParts } from './views/searchPanelHost.ts';
import { StatusBar } from './views/statusBar.ts';
import { StatusPresenter } from './views/statusPresenter.ts';
import { StatusReporter } from './views/statusReporter.ts';
import { EditorPriority } from './workspace/editorPriority.ts';
import { WorkspaceSync } from './workspace/workspaceSync.ts';
import { WorkspaceWatcher } from './workspace/workspaceWatcher.ts';

let engine: EngineClient | undefined;

/**
 * Composition root of the extension host. Nothing heavy happens here: the engine is forked after activation, and only
 * when a folder is to be indexed or the user asks for something.
 */
export function activate(context: vscode.ExtensionContext): SextantApi {
  const started = performance.now();
  const own = <T extends vscode.Disposable>(disposable: T): T => {
    context.subscriptions.push(disposable);
    return disposable;
  };
  const log = own(vscode.window.createOutputChannel('Sextant', { log: true }));
  const remoteKey: RemoteKey = own(new RemoteKey(context.secrets, () => refreshSettings()));
  const keyOf = (url: string): string | undefined => remoteKey.current(url);
  let settings = readSettings(keyOf);
  // Not the window's own storage: a folder has one index however it is opened, and worktrees share embeddings.
  const storageDir = vscode.Uri.joinPath(context.globalStorageUri, 'indexes').fsPath;
  const client = new EngineClient({
    launch: { entry: context.asAbsolutePath('dist/engine.mjs') },
    storageDir,
    settings: settings.engine,
    onLog: (line) => writeLog(log, line),
  });
  engine = client;
  const report = (error: unknown): void => reportError(error, log);
  const inBackground = (work: Promise<unknown>): void => void work.catch((error: unknown) => log.warn(String(error)));

  const opener = own(new LocationOpener((path) => inBackground(client.tell('filesChanged', { paths: [path] }))));
  const history = new SearchHistory(context.workspaceState);
  const commits = own(new CommitDocuments(client));
  const openItem: PanelHostParts['openItem'] = (item, how) => openHistoryItem(commits, item, how);
  const panel: SearchPanel = new SearchPanel(
    createPanelHost({ client, opener, openItem, settings: () => settings, report }),
    history,
  );
  const { extensionUri } = context;
  const view = own(
    new PanelView({ id: 'sextant.search', title: vscode.l10n.t('Sextant: Search'), extensionUri, panel }),
  );
  const reporter = own(new StatusReporter(client, versionOf(context.extension)));
  const cli = context.asAbsolutePath('dist/cli.mjs');
  const agentSettings = new AgentSettingsFile(storageDir, () => settings.engine);
  const windowSettings = (): string | undefined => agentSettings.write();
  const mcpLauncher = new McpLauncher({
    folder: context.globalStorageUri.fsPath,
    entry: cli,
    storageDir,
    windowSettings,
  });
  setImmediate(() => inBackground(mcpLauncher.follow()));
  const commandContext: CommandContext = {
    engine: client,
    panel,
    view,
    finetuneView: own(createFinetuneView(extensionUri, client, opener)),
    history,
    opener,
    reporter,
    mood: own(createMoodView(extensionUri, client, commits, report)),
    secrets: context.secrets,
    remoteKey,
    hubToken: new HubToken(context.secrets),
    mcpLauncher,
    log,
    settings: () => settings,
    reportError: report,
  };
  own(registerCommands(commandContext));
  own(registerTools(client));
  const mcp = own(
    new McpProvider({
      entry: cli,
      storageDir,
      version: versionOf(context.extension),
      windowSettings,
      enabled: () => settings.mcpServer,
    }),
  );
  own(new StatusPresenter(client, own(new StatusBar()), panel));

  const watcher = own(new WorkspaceWatcher((paths) => inBackground(client.tell('filesChanged', { paths }))));
  const priority = own(new EditorPriority((paths) => inBackground(client.tell('prioritize', { paths }))));
  const sync = new WorkspaceSync(client, inBackground);
  const refreshSettings = (): void => {
    settings = readSettings(keyOf);
    sync.settings(settings.engine);
    panel.pushSettings();
  };
  own(
    vscode.workspace.onDidChangeConfiguration((change) => {
      if (!concernsSextant(change)) return;
      refreshSettings();
      agentSettings.follow();
      mcp.refresh();
    }),
  );
  own(
    vscode.workspace.onDidChangeWorkspaceFolders(() => {
      watcher.refresh();
      sync.roots();
      panel.pushSettings();
      panel.pushStatus();
    }),
  );
  own(vscode.workspace.onDidGrantWorkspaceTrust(() => panel.pushStatus()));
  own({
    dispose: client.onState((state) => {
      if (state.kind === 'running') inBackground(client.tell('prioritize', { paths: priority.paths() }));
      if (state.kind === 'failed') report(state.error);
    }),
  });
  sync.roots();
  log.debug(`Activated in ${(performance.now() - started).toFixed(1)} ms.`);
  return createApi(client, opener);
}

function versionOf(extension: vscode.Extension<unknown>): string {
  const manifest = extension.packageJSON as { readonly version: string };
  return manifest.version;
}

/** VS Code waits for this when the window closes; the engine is asked to stop, then killed. */
export async function deactivate(): Promise<void> {
  await engine?.dispose();
  engine = undefined;
}
