import * as vscode from 'vscode';
import type { CommandHandler } from './commandContext.ts';
import { requireFolder } from './requireFolder.ts';

/** Deletes the index of this workspace after asking. Starts the engine when it does not run: only it owns the files. */
export const clearIndex: CommandHandler = async ({ engine }) => {
  requireFolder();
  const clear = vscode.l10n.t('Clear Index');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Clear Sextant’s index of this workspace?'),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Your files stay as they are. Searching finds nothing until the workspace is indexed again, and issues must be fetched again.',
      ),
    },
    clear,
  );
  if (answer === clear) await engine.request('clear', {});
};
