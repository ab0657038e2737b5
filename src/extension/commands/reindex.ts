import * as vscode from 'vscode';
import type { CommandHandler } from './commandContext.ts';
import { requireFolder } from './requireFolder.ts';

/**
 * Brings the index up to date, or builds it anew; asks which unless called with `{ fresh: boolean }`. Starts the engine
 * when it does not run.
 */
export const reindex: CommandHandler = async ({ engine }, options) => {
  requireFolder();
  const fresh = freshOf(options) ?? (await ask());
  if (fresh === undefined) return;
  await engine.request('reindex', { fresh });
};

function freshOf(options: unknown): boolean | undefined {
  if (typeof options !== 'object' || options === null || !('fresh' in options)) return undefined;
  return typeof options.fresh === 'boolean' ? options.fresh : undefined;
}

async function ask(): Promise<boolean | undefined> {
  const picked = await vscode.window.showQuickPick(
    [
      {
        label: vscode.l10n.t('Update'),
        detail: vscode.l10n.t('Looks at every file and indexes what changed.'),
        fresh: false,
      },
      {
        label: vscode.l10n.t('From Scratch'),
        detail: vscode.l10n.t('Deletes the index, embeddings, commits and fetched issues too, and builds it anew.'),
        fresh: true,
      },
    ],
    { placeHolder: vscode.l10n.t('Re-index the workspace') },
  );
  return picked?.fresh;
}
