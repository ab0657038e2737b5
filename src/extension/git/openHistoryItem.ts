import * as vscode from 'vscode';
import type { HistoryPlace } from '../../shared/history.ts';
import type { OpenHow } from '../views/searchPanel.ts';
import type { CommitDocuments } from './commitDocuments.ts';

/** Shows a commit in an editor, an issue or comment in the browser; moving over an issue opens nothing. */
export async function openHistoryItem(
  commits: CommitDocuments,
  { root, kind, source, key, url }: HistoryPlace & { readonly root: string },
  how: OpenHow = 'open',
): Promise<void> {
  if (kind === 'commit') return commits.open({ root, source, sha: key }, how);
  if (how === 'preview') return;
  const uri = url === undefined ? undefined : vscode.Uri.parse(url);
  if (uri?.scheme === 'https' || uri?.scheme === 'http') await vscode.env.openExternal(uri);
  else void vscode.window.showInformationMessage(vscode.l10n.t('This item has no page: it was imported from a file.'));
}
