import * as vscode from 'vscode';
import type { CommandHandler } from './commandContext.ts';
import { requireFolder } from './requireFolder.ts';

/** Opens the list of what the embedding server would get. Starts the engine when it does not run: it has the texts. */
export const previewRemote: CommandHandler = async ({ engine }) => {
  requireFolder();
  const { file } = await engine.request('previewRemote', {});
  await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: true });
};
