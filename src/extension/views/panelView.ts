import * as vscode from 'vscode';
import { viewHtml } from './viewHtml.ts';

/** The host's half of a view, free of VS Code. */
export interface ViewPanel {
  /** A webview exists now; its script speaks first, each time that it is loaded. */
  attach(post: (message: unknown) => void): void;
  /** The webview was hidden or closed: its script is gone. It may come back without another `attach`. */
  detach(): void;
  /** Handles one message of the webview; never rejects. */
  receive(message: unknown): Promise<void>;
}

export interface PanelViewParts<Panel extends ViewPanel> {
  readonly id: 'sextant.search' | 'sextant.finetune' | 'sextant.mood';
  readonly title: string;
  readonly extensionUri: vscode.Uri;
  readonly panel: Panel;
  /** What ends with the view, such as the panel's subscriptions. */
  readonly owned?: readonly { dispose(): unknown }[];
}

/** Ties a panel to VS Code's webview view, whose script and styles are named as the view is. Rebuilt whenever it was hidden. */
export class PanelView<Panel extends ViewPanel> implements vscode.WebviewViewProvider, vscode.Disposable {
  readonly id: string;
  readonly panel: Panel;
  readonly #title: string;
  readonly #assets: vscode.Uri;
  readonly #owned: readonly { dispose(): unknown }[];
  #listeners: vscode.Disposable[] = [];

  constructor({ id, title, extensionUri, panel, owned = [] }: PanelViewParts<Panel>) {
    this.id = id;
    this.panel = panel;
    this.#title = title;
    this.#assets = vscode.Uri.joinPath(extensionUri, 'dist', 'webview');
    this.#owned = [vscode.window.registerWebviewViewProvider(id, this), ...owned];
  }

  resolveWebviewView(view: vscode.WebviewView): void {
    this.#release();
    const { webview } = view;
    webview.options = { enableScripts: true, localResourceRoots: [this.#assets] };
    this.#listeners = [
      webview.onDidReceiveMessage((message: unknown) => void this.panel.receive(message)),
      view.onDidChangeVisibility(() => {
        if (!view.visible) this.panel.detach();
      }),
      view.onDidDispose(() => this.#release()),
    ];
    this.panel.attach((message) => void webview.postMessage(message));
    webview.html = this.#html(webview);
  }

  /** Brings the view to the front, opening the side bar if need be. */
  async reveal(): Promise<void> {
    await vscode.commands.executeCommand(`${this.id}.focus`);
  }

  dispose(): void {
    this.#release();
    for (const part of this.#owned) part.dispose();
  }

  #html(webview: vscode.Webview): string {
    const bundle = this.id.slice('sextant.'.length);
    const asset = (name: string): string => webview.asWebviewUri(vscode.Uri.joinPath(this.#assets, name)).toString();
    return viewHtml({
      nonce: crypto.randomUUID(),
      cspSource: webview.cspSource,
      language: vscode.env.language,
      title: this.#title,
      scriptUri: asset(`${bundle}.js`),
      styleUris: [asset('codicon.css'), asset(`${bundle}.css`)],
    });
  }

  #release(): void {
    this.panel.detach();
    for (const listener of this.#listeners) listener.dispose();
    this.#listeners = [];
  }
}
