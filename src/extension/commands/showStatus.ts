import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import { isIndexing, statusText } from '../views/statusText.ts';
import type { CommandContext, CommandHandler } from './commandContext.ts';

type Row = vscode.QuickPickItem & { readonly run?: () => unknown };

/** The state of the index and what can be done about it. Works with the engine down, and offers to restart it then. */
export const showStatus: CommandHandler = async (context) => {
  const rows = [...stateRows(context), ...actionRows(context)];
  const picked = await vscode.window.showQuickPick(rows, {
    title: vscode.l10n.t('Sextant: index status'),
    placeHolder: statusText({ state: context.engine.state, status: context.engine.status }, vscode.l10n).label,
    matchOnDetail: true,
  });
  await picked?.run?.();
};

function stateRows({ engine, reporter }: CommandContext): Row[] {
  const { status, state } = engine;
  const details = (): Promise<void> => reporter.open();
  const error = state.kind === 'failed' ? state.error : status?.modelError;
  return [
    ...(error
      ? [
          {
            label: `$(error) ${error.message}`,
            ...(error.hint === undefined ? {} : { detail: error.hint }),
            run: details,
          },
        ]
      : []),
    ...(status?.roots ?? []).map((root): Row => ({
      label: `$(${root.phase === 'error' ? 'error' : 'folder'}) ${root.name}`,
      description: root.phase,
      detail:
        root.error?.message ??
        vscode.l10n.t('{0} files, {1} of {2} chunks embedded', root.files, root.embedded, root.chunks),
      run: details,
    })),
    ...(status?.model
      ? [
          {
            label: `$(package) ${status.model.name}`,
            detail: vscode.l10n.t('{0} dimensions', status.model.dimension),
            run: details,
          },
        ]
      : []),
    ...(status?.backend
      ? [{ label: `$(chip) ${status.backend.name.toUpperCase()}`, detail: status.backend.reason, run: details }]
      : []),
  ];
}

function actionRows({ engine, reporter }: CommandContext): Row[] {
  const { status, state } = engine;
  const action = (icon: string, label: string, command: CommandId): Row => ({
    label: `$(${icon}) ${label}`,
    run: () => vscode.commands.executeCommand(command),
  });
  return [
    { label: vscode.l10n.t('Actions'), kind: vscode.QuickPickItemKind.Separator },
    ...(state.kind === 'failed'
      ? [action('debug-restart', vscode.l10n.t('Restart Engine'), 'sextant.restartEngine')]
      : []),
    ...(status?.paused ? [action('debug-continue', vscode.l10n.t('Resume Indexing'), 'sextant.resumeIndexing')] : []),
    ...(isIndexing(status) ? [action('debug-pause', vscode.l10n.t('Pause Indexing'), 'sextant.pauseIndexing')] : []),
    action('refresh', vscode.l10n.t('Re-index…'), 'sextant.reindex'),
    action('package', vscode.l10n.t('Select Model…'), 'sextant.selectModel'),
    { label: `$(markdown) ${vscode.l10n.t('Full Report')}`, run: () => reporter.open() },
    action('output', vscode.l10n.t('Show Log'), 'sextant.showLog'),
  ];
}
