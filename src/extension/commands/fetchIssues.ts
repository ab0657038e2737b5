import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import { ForgeAccess } from '../issues/forgeAccess.ts';
import { pickFolder } from '../issues/pickFolder.ts';
import { saySynced } from '../issues/saySynced.ts';
import type { CommandHandler } from './commandContext.ts';

/** Fetches issues, pull requests and comments of the folder's project; what was fetched before is not fetched again. */
export const fetchIssues: CommandHandler = async ({ engine, mood, secrets }) => {
  const folder = await pickFolder();
  if (folder === undefined) return;
  const access = new ForgeAccess(secrets);
  const forge = await access.find(folder.uri);
  if (forge === undefined) return;
  const title = vscode.l10n.t('Fetching issues of {0}', forge.project);
  const options = { location: vscode.ProgressLocation.Notification, title, cancellable: true };
  await vscode.window.withProgress(options, async (_, token) => {
    const abort = new AbortController();
    token.onCancellationRequested(() => abort.abort());
    try {
      saySynced(await engine.request('syncIssues', { root: folder.uri.toString(), forge }, abort.signal));
    } catch (error) {
      if (error instanceof SextantError && error.code === 'forge_denied') await access.forget(forge);
      throw error;
    } finally {
      mood.panel.changed();
    }
  });
};
