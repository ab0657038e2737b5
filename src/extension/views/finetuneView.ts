import * as vscode from 'vscode';
import type { CommandId } from '../../shared/commands.ts';
import type { FinetuneToHost } from '../../shared/finetunePanel.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import { FinetunePanel, type FinetuneHost, type FinetuneWorld } from './finetunePanel.ts';
import { answerPrompts } from './answerPrompts.ts';
import type { LocationOpener } from './openLocation.ts';
import { searchViewHtml } from './searchViewHtml.ts';

export const finetuneViewId = 'sextant.finetune';

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

/** Ties the fine-tune view to VS Code's webview view. Nothing runs before the view is opened or asked for. */
export class FinetuneView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly panel: FinetunePanel;
  readonly #assets: vscode.Uri;
  readonly #subscriptions: vscode.Disposable[];
  #listeners: vscode.Disposable[] = [];

  constructor(extensionUri: vscode.Uri, client: EngineClient, opener: LocationOpener) {
    this.panel = new FinetunePanel(hostOf(client, opener));
    this.#assets = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
    this.#subscriptions = [
      vscode.window.registerWebviewViewProvider(finetuneViewId, this),
      new vscode.Disposable(client.onFinetune((event) => this.panel.onFinetune(event))),
      new vscode.Disposable(client.onMeasureProgress((progress) => this.panel.onMeasureProgress(progress))),
      new vscode.Disposable(client.onStatus(() => this.panel.refresh())),
      new vscode.Disposable(client.onState(() => this.panel.refresh())),
    ];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#release();
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [this.#assets] };
    this.#listeners = [
      webview.onDidReceiveMessage((message: unknown) => void this.panel.receive(message)),
      view.onDidDispose(() => this.#release()),
    ];
    this.panel.attach((message) => void webview.postMessage(message));
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.#assets, name)).toString();
    webview.html = searchViewHtml({
      nonce: crypto.randomUUID(),
      cspSource: webview.cspSource,
      language: vscode.env.language,
      title: vscode.l10n.t('Sextant: Fine-Tune'),
      scriptUri: asset('finetune.js'),
      styleUris: [asset('codicon.css'), asset('finetune.css')],
    });
  }

  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${finetuneViewId}.focus`);
  }

  dispose(): void {
    this.#release();
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  #release(): void {
    this.panel.detach();
    for (const listener of this.#listeners) listener.dispose();
    this.#listeners = [];
  }
}
