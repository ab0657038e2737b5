import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import { isCancellation, serializeError, type ErrorCode } from '../../shared/errors.ts';

interface Remedy {
  readonly title: string;
  readonly command: CommandId | 'vscode.openFolder';
}

function remedies(code: ErrorCode): Remedy[] {
  const restart: Remedy = { title: vscode.l10n.t('Restart'), command: 'sextant.restartEngine' };
  const log: Remedy = { title: vscode.l10n.t('Show Log'), command: 'sextant.showLog' };
  switch (code) {
    case 'workspace_missing':
      return [{ title: vscode.l10n.t('Open Folder'), command: 'vscode.openFolder' }];
    // What stops the engine for good; a restart helps once the cause is gone.
    case 'engine_unavailable':
    case 'protocol_mismatch':
    case 'runtime_unavailable':
    case 'disk_full':
    case 'database_too_new':
    case 'database_damaged':
    case 'database_busy':
      return [restart, log];
    case 'model_missing':
    case 'model_invalid':
    case 'model_mismatch':
      return [{ title: vscode.l10n.t('Select Model'), command: 'sextant.selectModel' }, log];
    case 'access_denied':
    case 'rate_limited':
      return [{ title: vscode.l10n.t('Set Hub Token'), command: 'sextant.setHubToken' }];
    case 'invalid_argument':
    case 'not_found':
      return [];
    default:
      return [log];
  }
}

/** Tells the user that something asked for did not work, with what can be done about it. Cancellation is silent. */
export function reportError(error: unknown, log: vscode.LogOutputChannel): void {
  if (isCancellation(error)) return;
  const { code, message, hint } = serializeError(error);
  log.error(error instanceof Error ? error : message);
  const choices = remedies(code);
  const text = hint === undefined ? message : `${message} ${hint}`;
  void vscode.window.showErrorMessage(text, ...choices).then((choice) => {
    if (choice) return vscode.commands.executeCommand(choice.command);
  });
}
