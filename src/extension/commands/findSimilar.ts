import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import { placeInRoot } from '../workspace/workspaceRoots.ts';
import type { CommandHandler } from './commandContext.ts';
import { showSimilar } from './showSimilar.ts';

/**
 * Finds code like that at the cursor, or like the selection. With the engine down the error is shown with a way to
 * restart it.
 */
export const findSimilar: CommandHandler = async (context) => {
  const editor = vscode.window.activeTextEditor;
  const place = editor && placeInRoot(editor.document.uri);
  if (!editor || !place) {
    throw new SextantError('invalid_argument', vscode.l10n.t('Open a file of this workspace first.'), {
      hint: vscode.l10n.t('Then put the cursor on the code that you want to find more of.'),
    });
  }
  const { start, end } = editor.selection;
  // A selection of whole lines ends at column 0 of the line after them.
  const endLine = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
  await showSimilar(context, { ...place, startLine: start.line + 1, endLine });
};
