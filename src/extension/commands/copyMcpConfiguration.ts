import * as vscode from 'vscode';
import { localFolders } from '../workspace/workspaceRoots.ts';
import type { CommandHandler } from './commandContext.ts';

/** Works without the engine. */
export const copyMcpConfiguration: CommandHandler = async ({ mcpLauncher }) => {
  const folders = localFolders().map(({ uri }) => uri.fsPath);
  await vscode.env.clipboard.writeText(await mcpLauncher.configuration(folders));
  vscode.window.setStatusBarMessage(vscode.l10n.t('Sextant: MCP configuration copied'), 4000);
};
