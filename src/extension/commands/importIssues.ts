import * as vscode from 'vscode';
import { pickFolder } from '../issues/pickFolder.ts';
import { saySynced } from '../issues/saySynced.ts';
import type { CommandHandler } from './commandContext.ts';

/** Takes issues from a JSON or CSV export. */
export const importIssues: CommandHandler = async ({ engine, mood }) => {
  const folder = await pickFolder();
  if (folder === undefined) return;
  const [file] =
    (await vscode.window.showOpenDialog({
      title: vscode.l10n.t('Import issues from an export'),
      filters: { [vscode.l10n.t('Exports')]: ['json', 'jsonl', 'ndjson', 'csv'] },
    })) ?? [];
  if (file === undefined) return;
  saySynced(await engine.request('importIssues', { root: folder.uri.toString(), file: file.fsPath }));
  mood.panel.changed();
};
