import * as vscode from 'vscode';
import { isCancellation, serializeError } from '../../shared/errors.ts';
import type { Location, SearchMode, SearchResponse, SearchResult } from '../../shared/search.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import type { OpenHow } from './searchPanel.ts';
import { resultItem } from './resultItem.ts';

const typingPauseMs = 150;
const previewPauseMs = 120;

export interface QuickSearchOptions {
  readonly request: EngineClient['request'];
  readonly mode: SearchMode;
  readonly limit: number;
  open(location: Location, how: OpenHow): Promise<void>;
  /** What is still being opened is not to come up. */
  cancelOpen(): void;
  similar(location: Location): Promise<void>;
  /** Shows the same search in the panel. */
  toPanel(query: string): Promise<void>;
  remember(query: string): Promise<void>;
  reportError(error: unknown): void;
}

interface Item extends vscode.QuickPickItem {
  readonly result?: SearchResult;
}

/** Search without leaving the keyboard: results as one types, a preview of the active one, Escape goes back. */
export class QuickSearch {
  readonly #options: QuickSearchOptions;
  readonly #pick = vscode.window.createQuickPick<Item>();
  readonly #side = { iconPath: new vscode.ThemeIcon('split-horizontal'), tooltip: vscode.l10n.t('Open to the Side') };
  readonly #similar = { iconPath: new vscode.ThemeIcon('combine'), tooltip: vscode.l10n.t('Find Similar Code') };
  readonly #panel = { iconPath: new vscode.ThemeIcon('list-tree'), tooltip: vscode.l10n.t('Show in Search Panel') };
  readonly #origin = vscode.window.activeTextEditor;
  readonly #originView = { selection: this.#origin?.selection, ranges: this.#origin?.visibleRanges };
  #search = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #previewTimer: NodeJS.Timeout | undefined;
  #previewed = false;
  #accepted = false;

  constructor(options: QuickSearchOptions) {
    this.#options = options;
    const pick = this.#pick;
    pick.placeholder = vscode.l10n.t('Ask in plain words, or type a name');
    pick.matchOnDescription = false;
    pick.onDidChangeValue(() => this.#onType());
    pick.onDidChangeActive(([item]) => this.#onActive(item));
    pick.onDidAccept(() => void this.#open(pick.activeItems[0], 'open'));
    pick.onDidTriggerItemButton(({ button, item }) => void this.#onButton(button, item));
    pick.buttons = [this.#panel];
    pick.onDidTriggerButton(() => void this.#toPanel());
    pick.onDidHide(() => void this.#close());
  }

  show(query = ''): void {
    this.#pick.value = query;
    this.#pick.show();
    if (query !== '') this.#onType();
  }

  #onType(): void {
    clearTimeout(this.#timer);
    this.#search.abort();
    const query = this.#pick.value.trim();
    if (query === '') {
      this.#pick.busy = false;
      this.#pick.items = [];
      return;
    }
    this.#pick.busy = true;
    this.#search = new AbortController();
    const { signal } = this.#search;
    this.#timer = setTimeout(() => void this.#run(query, signal), typingPauseMs);
  }

  async #run(query: string, signal: AbortSignal): Promise<void> {
    const { mode, limit } = this.#options;
    let items: Item[];
    try {
      const response = await this.#options.request('search', { query, mode, limit, filters: {} }, signal);
      items = this.#items(response);
    } catch (error) {
      if (signal.aborted || isCancellation(error)) return;
      const { message, hint } = serializeError(error);
      items = [{ label: `$(error) ${message}`, ...(hint === undefined ? {} : { detail: hint }), alwaysShow: true }];
    }
    if (signal.aborted) return;
    this.#pick.busy = false;
    this.#pick.items = items;
  }

  #items(response: SearchResponse): Item[] {
    const folders = localFolders();
    const rootName = (root: string): string | undefined =>
      folders.length < 2 ? undefined : folders.find(({ uri }) => uri.toString() === root)?.name;
    const items = response.results.map((result): Item => ({
      ...resultItem(result, rootName(result.root)),
      result,
      // The engine decided what matches; the pick's own letter filter must not hide it.
      alwaysShow: true,
      buttons: [this.#similar, this.#side],
    }));
    const notice = response.notice ?? (items.length === 0 ? vscode.l10n.t('Nothing found') : undefined);
    return notice === undefined ? items : [...items, { label: `$(info) ${notice}`, alwaysShow: true }];
  }

  #onActive(item: Item | undefined): void {
    clearTimeout(this.#previewTimer);
    const result = item?.result;
    if (!result) return;
    this.#previewTimer = setTimeout(() => {
      this.#previewed = true;
      // A file that vanished is reported when the user opens it, not while passing by.
      this.#options.open(result, 'preview').catch(() => undefined);
    }, previewPauseMs);
  }

  async #onButton(button: vscode.QuickInputButton, item: Item): Promise<void> {
    if (button === this.#side) return this.#open(item, 'side');
    if (!item.result) return;
    this.#accepted = true;
    this.#pick.hide();
    await this.#options.similar(item.result).catch((error: unknown) => this.#options.reportError(error));
  }

  async #toPanel(): Promise<void> {
    this.#accepted = true;
    const query = this.#pick.value;
    this.#pick.hide();
    await this.#options.toPanel(query);
  }

  async #open(item: Item | undefined, how: OpenHow): Promise<void> {
    if (!item?.result) return;
    this.#accepted = true;
    const query = this.#pick.value;
    this.#pick.hide();
    try {
      await this.#options.open(item.result, how);
      await this.#options.remember(query);
    } catch (error) {
      this.#options.reportError(error);
    }
  }

  async #close(): Promise<void> {
    clearTimeout(this.#timer);
    clearTimeout(this.#previewTimer);
    this.#search.abort();
    this.#pick.dispose();
    if (!this.#previewed || this.#accepted) return;
    this.#options.cancelOpen();
    await this.#restoreOrigin().catch((error: unknown) => this.#options.reportError(error));
  }

  /** After Escape the user is where the search began. */
  async #restoreOrigin(): Promise<void> {
    const { selection, ranges } = this.#originView;
    if (!this.#origin) return;
    // By its address: a preview may have taken the place of its tab, and closed it.
    const editor = await vscode.window.showTextDocument(this.#origin.document.uri, {
      ...(this.#origin.viewColumn === undefined ? {} : { viewColumn: this.#origin.viewColumn }),
      ...(selection === undefined ? {} : { selection }),
    });
    if (ranges?.[0]) editor.revealRange(ranges[0], vscode.TextEditorRevealType.AtTop);
  }
}
