import * as vscode from 'vscode';
import type { HistoryItem } from '../../shared/history.ts';
import type { CommitDocuments } from './commitDocuments.ts';

type Opened = Pick<HistoryItem, 'kind' | 'source' | 'key'> & {
  readonly root: string;
  readonly url?: string | undefined;
};

/** Shows a commit in an editor, an issue or comment in the browser. */
export async function openHistoryItem(
  commits: CommitDocuments,
  { root, kind, source, key, url }: Opened,
): Promise<void> {
  if (kind === 'commit') {
    await commits.open({ root, source, sha: key });
    return;
  }
  const uri = url === undefined ? undefined : vscode.Uri.parse(url);
  if (uri?.scheme === 'https' || uri?.scheme === 'http') await vscode.env.openExternal(uri);
  else void vscode.window.showInformationMessage(vscode.l10n.t('This item has no page: it was imported from a file.'));
}
