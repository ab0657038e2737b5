import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import type { PanelBlocker } from '../../shared/panelProtocol.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import type { CommitDocuments } from '../git/commitDocuments.ts';
import { openHistoryItem } from '../git/openHistoryItem.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import { MoodPanel, type MoodCommand, type MoodHost } from './moodPanel.ts';
import { PanelView } from './panelView.ts';

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
  // Paths come out of commits, which anybody may have made.
  const folders = path.split('/').includes('..') ? [] : localFolders();
  for (const folder of folders) {
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

/** The mood view. Nothing runs before it is opened, and nothing while it is hidden. */
export function createMoodView(
  extensionUri: vscode.Uri,
  client: EngineClient,
  commits: CommitDocuments,
  reportError: (error: unknown) => void,
): PanelView<MoodPanel> {
  const panel = new MoodPanel(hostOf(client, commits, reportError));
  return new PanelView({
    id: 'sextant.mood',
    title: vscode.l10n.t('Sextant: Mood'),
    extensionUri,
    panel,
    owned: [
      new vscode.Disposable(client.onHistory((status) => panel.onHistory(status))),
      new vscode.Disposable(
        client.onState(({ kind }) => {
          panel.pushBlocker();
          // What the engine before it was asked for ended with it.
          if (kind === 'running') panel.changed();
        }),
      ),
      vscode.workspace.onDidChangeWorkspaceFolders(() => panel.changed()),
    ],
  });
}
