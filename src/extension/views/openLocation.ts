import * as vscode from 'vscode';
import { SextantError } from '../../shared/errors.ts';
import type { Location } from '../../shared/search.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import type { OpenHow } from './searchPanel.ts';

const highlightMs = 1_600;

/** Opens indexed places in editors and shows for a moment which lines are meant. */
export class LocationOpener implements vscode.Disposable {
  readonly #decoration = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor('editor.rangeHighlightBackground'),
    borderColor: new vscode.ThemeColor('editor.rangeHighlightBorder'),
  });
  readonly #onMissing: (path: string) => void;
  #fade: NodeJS.Timeout | undefined;
  #latest = 0;

  /** `onMissing` is told the absolute path of a file that is in the index but not on the disk any more. */
  constructor(onMissing: (path: string) => void) {
    this.#onMissing = onMissing;
  }

  /** Rejects with `not_found` when the file is gone; lines past its end are clamped to it. */
  async open(location: Location, how: OpenHow): Promise<void> {
    const turn = ++this.#latest;
    const document = await this.#load(locationUri(location), location.path);
    // Moving fast through the results, a slow file must not come up after the one that was asked for later.
    if (turn !== this.#latest) return;
    const range = document.validateRange(
      new vscode.Range(location.startLine - 1, 0, location.endLine - 1, Number.MAX_SAFE_INTEGER),
    );
    const editor = await vscode.window.showTextDocument(document, {
      preserveFocus: how === 'preview',
      preview: how !== 'side',
      ...(how === 'side' ? { viewColumn: vscode.ViewColumn.Beside } : {}),
      selection: new vscode.Range(range.start, range.start),
    });
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    this.#highlight(editor, range);
  }

  /** What is still being opened is not shown any more. */
  cancel(): void {
    this.#latest += 1;
  }

  dispose(): void {
    clearTimeout(this.#fade);
    this.#decoration.dispose();
  }

  async #load(uri: vscode.Uri, path: string): Promise<vscode.TextDocument> {
    try {
      await vscode.workspace.fs.stat(uri);
    } catch (cause) {
      this.#onMissing(uri.fsPath);
      throw new SextantError('not_found', vscode.l10n.t('{0} does not exist any more.', path), {
        hint: vscode.l10n.t('Search again: the index is being brought up to date.'),
        cause,
      });
    }
    return vscode.workspace.openTextDocument(uri);
  }

  #highlight(editor: vscode.TextEditor, range: vscode.Range): void {
    clearTimeout(this.#fade);
    for (const other of vscode.window.visibleTextEditors) other.setDecorations(this.#decoration, []);
    editor.setDecorations(this.#decoration, [range]);
    this.#fade = setTimeout(() => editor.setDecorations(this.#decoration, []), highlightMs);
  }
}

/** Throws `invalid_argument` unless the place lies in a folder of this workspace. */
function locationUri(location: Location): vscode.Uri {
  const folder = localFolders().find(({ uri }) => uri.toString() === location.root);
  const segments = location.path.split('/');
  if (!folder || segments.includes('..')) {
    throw new SextantError('invalid_argument', vscode.l10n.t('{0} is not in this workspace.', location.path));
  }
  return vscode.Uri.joinPath(folder.uri, ...segments);
}
