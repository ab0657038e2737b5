import * as vscode from 'vscode';

const settleMs = 300;
const maxPaths = 100;

/** Tells which files the user looks at, most important first: active editor, visible editors, other open tabs. */
export class EditorPriority implements vscode.Disposable {
  readonly #onChange: (paths: string[]) => void;
  readonly #listeners: vscode.Disposable;
  #timer: NodeJS.Timeout | undefined;
  #last = '';

  constructor(onChange: (paths: string[]) => void) {
    this.#onChange = onChange;
    const later = (): void => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#report(), settleMs);
    };
    this.#listeners = vscode.Disposable.from(
      vscode.window.onDidChangeActiveTextEditor(later),
      vscode.window.onDidChangeVisibleTextEditors(later),
      vscode.window.tabGroups.onDidChangeTabs(later),
    );
  }

  /** The paths of this moment. */
  paths(): string[] {
    const editors = [vscode.window.activeTextEditor, ...vscode.window.visibleTextEditors];
    const tabs = vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .map((tab) => (tab.input instanceof vscode.TabInputText ? tab.input.uri : undefined));
    const uris = [...editors.map((editor) => editor?.document.uri), ...tabs];
    const paths = uris.filter((uri) => uri?.scheme === 'file').map((uri) => uri!.fsPath);
    return [...new Set(paths)].slice(0, maxPaths);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#listeners.dispose();
  }

  #report(): void {
    const paths = this.paths();
    const key = paths.join('\n');
    if (paths.length === 0 || key === this.#last) return;
    this.#last = key;
    this.#onChange(paths);
  }
}
