import * as vscode from 'vscode';
import type { CommandHandler } from './commandContext.ts';

/** Copies a report for a bug: versions, state, counts; no code and no queries. With the engine down it says why. */
export const copyDiagnostics: CommandHandler = async ({ reporter }) => {
  await vscode.env.clipboard.writeText(await reporter.render());
  vscode.window.setStatusBarMessage(vscode.l10n.t('Sextant: diagnostics copied'), 4_000);
};
