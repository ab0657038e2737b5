import * as vscode from 'vscode';
import { pickFolder } from '../issues/pickFolder.ts';
import { cancellableProgress } from '../views/cancellableProgress.ts';
import { indexFileFilters } from '../views/indexFileFilters.ts';
import type { CommandHandler } from './commandContext.ts';

/** Writes a folder's index to one file, for colleagues and other machines. */
export const exportIndex: CommandHandler = async ({ engine }) => {
  const folder = await pickFolder(vscode.l10n.t('Export the index of which folder?'));
  if (folder === undefined) return;
  const defaultUri = vscode.Uri.joinPath(folder.uri, '..', `${folder.name}.sxt`);
  const target = await vscode.window.showSaveDialog({ defaultUri, filters: indexFileFilters() });
  if (target === undefined) return;
  const request = { root: folder.uri.toString(), file: target.fsPath };
  const done = await cancellableProgress(vscode.l10n.t('Exporting the index of {0}', folder.name), (signal) =>
    engine.request('exportIndex', request, signal),
  );
  const kept =
    done.withheld === 0 ? '' : vscode.l10n.t(' {0} files that may hold a secret were left out.', done.withheld);
  void vscode.window.showInformationMessage(vscode.l10n.t('Exported the index of {0} files.', done.files) + kept);
};
