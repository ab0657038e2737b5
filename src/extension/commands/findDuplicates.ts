import * as vscode from 'vscode';
import type { CommandHandler } from './commandContext.ts';
import { requireFolder } from './requireFolder.ts';

/** Groups code that is (almost) the same and shows the groups in the panel. Needs the engine; can be cancelled. */
export const findDuplicates: CommandHandler = async ({ engine, panel, view, settings }) => {
  requireFolder();
  const response = await vscode.window.withProgress(
    {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Sextant: looking for duplicates'),
      cancellable: true,
    },
    (_progress, token) => {
      const abort = new AbortController();
      token.onCancellationRequested(() => abort.abort());
      return engine.request('duplicates', { threshold: settings().duplicatesThreshold }, abort.signal);
    },
  );
  await view.reveal();
  panel.showDuplicates(response.groups);
};
