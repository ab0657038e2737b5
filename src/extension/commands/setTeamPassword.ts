import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import type { CommandHandler } from './commandContext.ts';

/** Asks for the password of the shared index; an empty one is forgotten. Needs no engine: a running one gets it by itself. */
export const setTeamPassword: CommandHandler = async ({ settings, remoteKey }) => {
  const url = settings().engine.team?.url;
  if (url === undefined) {
    throw new SextantError('invalid_argument', vscode.l10n.t('No shared index is set.'), {
      hint: vscode.l10n.t('Put its address into the setting sextant.team.url first.'),
    });
  }
  const password = await vscode.window.showInputBox({
    title: vscode.l10n.t('Password for {0}', URL.parse(url)?.host ?? url),
    prompt: vscode.l10n.t('Leave it empty to forget the password.'),
    password: true,
    ignoreFocusOut: true,
  });
  if (password !== undefined) await remoteKey.set(url, password);
};
