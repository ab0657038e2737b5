import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import { maxQueryLength } from '../../shared/search.ts';
import type { CommandHandler } from './commandContext.ts';

/** Searches for the selected text, or the word at the cursor. With the engine down the panel says so. */
export const searchSelection: CommandHandler = async ({ view, panel }) => {
  const editor = vscode.window.activeTextEditor;
  const range = editor?.selection.isEmpty
    ? editor.document.getWordRangeAtPosition(editor.selection.active)
    : editor?.selection;
  const text = range ? editor?.document.getText(range).trim().slice(0, maxQueryLength) : undefined;
  if (!text) throw new SextantError('invalid_argument', vscode.l10n.t('Select the text to search for first.'));
  await view.reveal();
  panel.search(text);
};
