import * as vscode from 'vscode';
import { commands, type CommandId } from '../../shared/commands.ts';
import { clearIndex } from './clearIndex.ts';
import type { CommandContext, CommandHandler } from './commandContext.ts';
import { copyDiagnostics } from './copyDiagnostics.ts';
import { copyMcpConfiguration } from './copyMcpConfiguration.ts';
import { exportIndex } from './exportIndex.ts';
import { fetchIssues } from './fetchIssues.ts';
import { findDuplicates } from './findDuplicates.ts';
import { finetune } from './finetune.ts';
import { measureSearch } from './measureSearch.ts';
import { findSimilar } from './findSimilar.ts';
import { importIndex } from './importIndex.ts';
import { importIssues } from './importIssues.ts';
import { pauseIndexing } from './pauseIndexing.ts';
import { previewRemote } from './previewRemote.ts';
import { quickSearch } from './quickSearch.ts';
import { refreshMood } from './refreshMood.ts';
import { reindex } from './reindex.ts';
import { restartEngine } from './restartEngine.ts';
import { resumeIndexing } from './resumeIndexing.ts';
import { search } from './search.ts';
import { searchSelection } from './searchSelection.ts';
import { selectModel } from './selectModel.ts';
import { setRemoteKey } from './setRemoteKey.ts';
import { setHubToken } from './setHubToken.ts';
import { setTeamPassword } from './setTeamPassword.ts';
import { showLog } from './showLog.ts';
import { showMood } from './showMood.ts';
import { showStatus } from './showStatus.ts';

/** Every command has a handler here, or this does not compile. */
const handlers: Readonly<Record<CommandId, CommandHandler>> = {
  'sextant.search': search,
  'sextant.quickSearch': quickSearch,
  'sextant.searchSelection': searchSelection,
  'sextant.findSimilar': findSimilar,
  'sextant.findDuplicates': findDuplicates,
  'sextant.showMood': showMood,
  'sextant.refreshMood': refreshMood,
  'sextant.fetchIssues': fetchIssues,
  'sextant.importIssues': importIssues,
  'sextant.reindex': reindex,
  'sextant.pauseIndexing': pauseIndexing,
  'sextant.resumeIndexing': resumeIndexing,
  'sextant.selectModel': selectModel,
  'sextant.setHubToken': setHubToken,
  'sextant.showStatus': showStatus,
  'sextant.finetune': finetune,
  'sextant.measureSearch': measureSearch,
  'sextant.showLog': showLog,
  'sextant.copyMcpConfiguration': copyMcpConfiguration,
  'sextant.copyDiagnostics': copyDiagnostics,
  'sextant.setRemoteKey': setRemoteKey,
  'sextant.previewRemote': previewRemote,
  'sextant.exportIndex': exportIndex,
  'sextant.importIndex': importIndex,
  'sextant.setTeamPassword': setTeamPassword,
  'sextant.clearIndex': clearIndex,
  'sextant.restartEngine': restartEngine,
};

export function registerCommands(context: CommandContext): vscode.Disposable {
  const ids = Object.keys(commands) as CommandId[];
  const run = async (id: CommandId, args: readonly unknown[]): Promise<void> => {
    try {
      await handlers[id](context, ...args);
    } catch (error) {
      context.reportError(error);
    }
  };
  return vscode.Disposable.from(
    ...ids.map((id) => vscode.commands.registerCommand(id, (...args: unknown[]) => run(id, args))),
  );
}
