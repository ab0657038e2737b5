import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import type { PanelBlocker } from '../../shared/panelProtocol.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { CommitDocuments } from '../git/commitDocuments.ts';
import { openHistoryItem } from '../git/openHistoryItem.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import { MoodPanel, type MoodCommand, type MoodHost } from './moodPanel.ts';
import { searchViewHtml } from './searchViewHtml.ts';

export const moodViewId = 'sextant.mood';

const viewCommands: Readonly<Record<MoodCommand, CommandId | 'vscode.openFolder'>> = {
  fetchIssues: 'sextant.fetchIssues',
  importIssues: 'sextant.importIssues',
  showLog: 'sextant.showLog',
  restartEngine: 'sextant.restartEngine',
  openFolder: 'vscode.openFolder',
};

function blockerOf(client: EngineClient): PanelBlocker | null {
  if (localFolders().length === 0) return 'noFolder';
  return client.state.kind === 'failed' ? 'engineDown' : null;
}

/** A file of a report: its path is relative to whichever folder has it. */
async function openFile(path: string): Promise<void> {
  for (const folder of localFolders()) {
    const uri = vscode.Uri.joinPath(folder.uri, path);
    const found = await vscode.workspace.fs.stat(uri).then(
      () => true,
      () => false,
    );
    if (!found) continue;
    await vscode.window.showTextDocument(uri, { preview: true });
    return;
  }
  void vscode.window.setStatusBarMessage(vscode.l10n.t('{0} is no longer there.', path), 5000);
}

async function exportFile(format: 'csv' | 'json'): Promise<string | undefined> {
  const folder = localFolders()[0];
  const target = await vscode.window.showSaveDialog({
    filters: { [format.toUpperCase()]: [format] },
    ...(folder === undefined ? {} : { defaultUri: vscode.Uri.joinPath(folder.uri, `mood.${format}`) }),
  });
  return target?.fsPath;
}

function hostOf(client: EngineClient, commits: CommitDocuments, reportError: (error: unknown) => void): MoodHost {
  return {
    request: (method, params, signal) => client.request(method, params, signal),
    blocker: () => blockerOf(client),
    open: (item) => openHistoryItem(commits, item),
    openFile,
    exportFile,
    run: async (command) => {
      await vscode.commands.executeCommand(viewCommands[command]);
    },
    reportError,
  };
}

/** Ties the mood view to VS Code's webview view. Nothing runs before the view is opened, and nothing while it is hidden. */
export class MoodView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly panel: MoodPanel;
  readonly commits: CommitDocuments;
  readonly #assets: vscode.Uri;
  readonly #subscriptions: readonly { dispose(): unknown }[];
  #listeners: vscode.Disposable[] = [];

  constructor(extensionUri: vscode.Uri, client: EngineClient, reportError: (error: unknown) => void) {
    this.commits = new CommitDocuments(client);
    this.panel = new MoodPanel(hostOf(client, this.commits, reportError));
    this.#assets = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
    this.#subscriptions = [
      this.commits,
      vscode.window.registerWebviewViewProvider(moodViewId, this),
      new vscode.Disposable(client.onHistory((status) => this.panel.onHistory(status))),
      new vscode.Disposable(client.onState(() => this.panel.pushBlocker())),
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.panel.changed()),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#release();
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [this.#assets] };
    this.#listeners = [
      webview.onDidReceiveMessage((message: unknown) => void this.panel.receive(message)),
      view.onDidChangeVisibility(() => {
        if (!view.visible) this.panel.detach();
      }),
      view.onDidDispose(() => this.#release()),
    ];
    this.panel.attach((message) => void webview.postMessage(message));
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.#assets, name)).toString();
    webview.html = searchViewHtml({
      nonce: crypto.randomUUID(),
      cspSource: webview.cspSource,
      language: vscode.env.language,
      title: vscode.l10n.t('Sextant: Mood'),
      scriptUri: asset('mood.js'),
      styleUris: [asset('codicon.css'), asset('mood.css')],
    });
  }

  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${moodViewId}.focus`);
  }

  dispose(): void {
    this.#release();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #release(): void {
    this.panel.detach();
    for (const listener of this.#listeners) listener.dispose();
    this.#listeners = [];
  }
}
