import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import type { FinetuneToHost } from '../../shared/finetunePanel.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import { FinetunePanel, type FinetuneHost, type FinetuneWorld } from './finetunePanel.ts';
import { answerPrompts } from './answerPrompts.ts';
import type { LocationOpener } from './openLocation.ts';
import { PanelView } from './panelView.ts';

type Command = Extract<FinetuneToHost, { type: 'command' }>['command'];
const viewCommands: Readonly<Record<Command, CommandId | 'vscode.openFolder'>> = {
  showLog: 'sextant.showLog',
  restartEngine: 'sextant.restartEngine',
  openFolder: 'vscode.openFolder',
};

function worldOf(client: EngineClient): FinetuneWorld {
  const { status, state } = client;
  const blocker = localFolders().length === 0 ? 'noFolder' : state.kind === 'failed' ? 'engineDown' : null;
  const roots = (status?.roots ?? []).map(({ root, name, chunks }) => ({ uri: root, name, chunks }));
  return { blocker, roots, model: status?.model?.name ?? null };
}

function hostOf(client: EngineClient, opener: LocationOpener): FinetuneHost {
  return {
    request: (method, params, signal) => client.request(method, params, signal),
    world: () => worldOf(client),
    openFile: async (file) => {
      await vscode.window.showTextDocument(vscode.Uri.file(file), { preview: false });
    },
    open: (location) => opener.open(location, 'open'),
    run: async (command) => {
      await vscode.commands.executeCommand(viewCommands[command]);
    },
    answer: answerPrompts,
    confirm: async () => {
      const remove = vscode.l10n.t('Remove');
      const question = vscode.l10n.t('Remove this fine-tuning with all that was trained?');
      return (await vscode.window.showWarningMessage(question, { modal: true }, remove)) === remove;
    },
  };
}

/** The fine-tune view. Nothing runs before it is opened or asked for. */
export function createFinetuneView(
  extensionUri: vscode.Uri,
  client: EngineClient,
  opener: LocationOpener,
): PanelView<FinetunePanel> {
  const panel = new FinetunePanel(hostOf(client, opener));
  return new PanelView({
    id: 'sextant.finetune',
    title: vscode.l10n.t('Sextant: Fine-Tune'),
    extensionUri,
    panel,
    owned: [
      new vscode.Disposable(client.onFinetune((event) => panel.onFinetune(event))),
      new vscode.Disposable(client.onMeasureProgress((progress) => panel.onMeasureProgress(progress))),
      new vscode.Disposable(client.onStatus(() => panel.refresh())),
      new vscode.Disposable(
        client.onState(({ kind }) => {
          if (kind === 'running') void panel.engineStarted();
          else panel.refresh();
        }),
      ),
    ],
  });
}
