import * as vscode from 'vscode';
import type { EngineClient } from '../engine/engineClient.ts';
import type { SearchPanel } from './searchPanel.ts';
import type { StatusBar } from './statusBar.ts';
import { isIndexing } from './statusText.ts';
import { Throttle } from './throttle.ts';

const refreshMs = 200;

/** Carries the engine's state to the status bar, the panel and the context keys of menus. */
export class StatusPresenter implements vscode.Disposable {
  readonly #client: EngineClient;
  readonly #bar: StatusBar;
  readonly #panel: SearchPanel;
  readonly #refresh = new Throttle(() => this.#show(), refreshMs);
  readonly #folders = vscode.workspace.onDidChangeWorkspaceFolders(() => this.#refresh.call());
  readonly #unsubscribe: (() => void)[];
  readonly #keys = new Map<string, boolean>();

  constructor(client: EngineClient, bar: StatusBar, panel: SearchPanel) {
    this.#client = client;
    this.#bar = bar;
    this.#panel = panel;
    this.#unsubscribe = [client.onStatus(() => this.#refresh.call()), client.onState(() => this.#refresh.call())];
    this.#refresh.call();
  }

  dispose(): void {
    for (const unsubscribe of this.#unsubscribe) unsubscribe();
    this.#folders.dispose();
    this.#refresh.dispose();
  }

  #show(): void {
    const { state, status } = this.#client;
    this.#bar.update({ state, status });
    this.#panel.pushStatus();
    this.#setKey('sextant.indexing', isIndexing(status));
    this.#setKey('sextant.paused', status?.paused ?? false);
  }

  #setKey(key: string, value: boolean): void {
    if (this.#keys.get(key) === value) return;
    this.#keys.set(key, value);
    void vscode.commands.executeCommand('setContext', key, value);
  }
}
