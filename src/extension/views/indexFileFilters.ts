import * as vscode from 'vscode';

/** Which files a dialog offers when it asks for an index file. */
export function indexFileFilters(): Record<string, string[]> {
  return { [vscode.l10n.t('Sextant index')]: ['sxt'] };
}
