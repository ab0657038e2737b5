import * as vscode from 'vscode';
import type { SearchPanel } from './searchPanel.ts';
import { searchViewHtml } from './searchViewHtml.ts';

export const searchViewId = 'sextant.search';

/** Ties the search panel to VS Code's webview view. The webview is rebuilt whenever it was hidden. */
export class SearchView implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly #panel: SearchPanel;
  readonly #assets: vscode.Uri;
  readonly #registration: vscode.Disposable;
  #listeners: vscode.Disposable[] = [];

  constructor(extensionUri: vscode.Uri, panel: SearchPanel) {
    this.#panel = panel;
    this.#assets = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
    this.#registration = vscode.window.registerWebviewViewProvider(searchViewId, this);
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#release();
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [this.#assets] };
    this.#listeners = [
      webview.onDidReceiveMessage((message: unknown) => void this.#panel.receive(message)),
      view.onDidChangeVisibility(() => {
        if (!view.visible) this.#panel.detach();
      }),
      view.onDidDispose(() => this.#release()),
    ];
    this.#panel.attach((message) => void webview.postMessage(message));
    webview.html = this.#html(webview);
  }

  /** Brings the view to the front, opening the side bar if need be. */
  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${searchViewId}.focus`);
  }

  dispose(): void {
    this.#release();
    this.#registration.dispose();
  }

  #html(webview: vscode.Webview): string {
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.#assets, name)).toString();
    return searchViewHtml({
      nonce: crypto.randomUUID(),
      cspSource: webview.cspSource,
      language: vscode.env.language,
      title: vscode.l10n.t('Sextant: Search'),
      scriptUri: asset('search.js'),
      styleUris: [asset('codicon.css'), asset('search.css')],
    });
  }

  #release(): void {
    this.#panel.detach();
    for (const listener of this.#listeners) listener.dispose();
    this.#listeners = [];
  }
}
