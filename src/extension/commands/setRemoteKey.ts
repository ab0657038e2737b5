import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import type { CommandHandler } from './commandContext.ts';

/** Asks for the key of the embedding server; an empty one is forgotten. Needs no engine: a running one gets the key by itself. */
export const setRemoteKey: CommandHandler = async ({ settings, remoteKey }) => {
  const url = settings().engine.remote?.url;
  if (url === undefined) {
    throw new SextantError('invalid_argument', vscode.l10n.t('No embedding server is set.'), {
      hint: vscode.l10n.t('Put its address into the setting sextant.remote.url first.'),
    });
  }
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('Key for {0}', URL.parse(url)?.host ?? url),
    prompt: vscode.l10n.t('Sent as a bearer token to this server only. Leave it empty to forget the key.'),
    password: true,
    ignoreFocusOut: true,
  });
  if (key !== undefined) await remoteKey.set(url, key.trim());
};
