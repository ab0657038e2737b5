import * as vscode from 'vscode';
import type { IssueSync } from '../../shared/mood.ts';

/** Tells what came in; a notice only where something is missing. */
export function saySynced({ issues, comments, removed = 0, notice }: IssueSync): void {
  const counts = vscode.l10n.t('{0} issues and {1} comments are new or changed.', issues, comments);
  const gone = removed === 0 ? undefined : vscode.l10n.t('{0} were deleted on the forge, and now here.', removed);
  const message = [counts, gone, notice].filter((part) => part !== undefined).join(' ');
  if (notice === undefined) void vscode.window.setStatusBarMessage(message, 8000);
  else void vscode.window.showWarningMessage(message);
}
