import * as vscode from 'vscode';
import { pickFolder } from '../issues/pickFolder.ts';
import { cancellableProgress } from '../views/cancellableProgress.ts';
import { indexFileFilters } from '../views/indexFileFilters.ts';
import type { CommandHandler } from './commandContext.ts';

/** Takes over an index file: a fresh clone is searchable at once. */
export const importIndex: CommandHandler = async ({ engine }) => {
  const folder = await pickFolder(vscode.l10n.t('Import an index for which folder?'));
  if (folder === undefined) return;
  const [source] = (await vscode.window.showOpenDialog({ defaultUri: folder.uri, filters: indexFileFilters() })) ?? [];
  if (source === undefined) return;
  const request = { root: folder.uri.toString(), file: source.fsPath };
  const { used, files } = await cancellableProgress(
    vscode.l10n.t('Importing an index for {0}', folder.name),
    (signal) => engine.request('importIndex', request, signal),
  );
  void vscode.window.showInformationMessage(
    used === 'index'
      ? vscode.l10n.t('{0} files can be searched; what has changed since is indexed now.', files)
      : vscode.l10n.t('The folder has an index; it takes from the file what it lacks.'),
  );
};
