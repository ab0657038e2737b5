import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';

/** Throws `workspace_missing` when no folder is open that could be indexed. */
export function requireFolder(): void {
  if (localFolders().length > 0) return;
  throw new SextantError('workspace_missing', vscode.l10n.t('No folder is open that Sextant can search.'), {
    hint: vscode.l10n.t('Open a folder first.'),
  });
}
