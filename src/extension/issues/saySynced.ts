import * as vscode from 'vscode';
import type { IssueSync } from '../../shared/mood.ts';

/** Tells what came in; a notice only where something is missing. */
export function saySynced({ issues, comments, notice }: IssueSync): void {
  const counts = vscode.l10n.t('{0} issues and {1} comments are new or changed.', issues, comments);
  if (notice === undefined) void vscode.window.setStatusBarMessage(counts, 8000);
  else void vscode.window.showWarningMessage(`${counts} ${notice}`);
}
