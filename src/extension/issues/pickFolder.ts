import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';

/** The only folder, or the one that the user chooses; undefined when the user gives up. */
export async function pickFolder(
  title = vscode.l10n.t('Issues of which folder?'),
): Promise<vscode.WorkspaceFolder | undefined> {
  const folders = localFolders();
  if (folders.length === 0) {
    throw new SextantError('workspace_missing', vscode.l10n.t('No folder is open.'), {
      hint: vscode.l10n.t('Open the project first.'),
    });
  }
  if (folders.length === 1) return folders[0];
  const items = folders.map((folder) => ({ label: folder.name, description: folder.uri.fsPath, folder }));
  return (await vscode.window.showQuickPick(items, { title }))?.folder;
}
