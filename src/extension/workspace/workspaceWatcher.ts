import * as vscode from 'vscode';
import { localFolders } from './workspaceRoots.ts';
import { PathBatch } from './pathBatch.ts';

/** Short enough for "saved, therefore found", long enough to gather what one `git checkout` touches. */
const batching = { quietMs: 80, maxWaitMs: 1_000 };

/** Git's own bookkeeping changes with every command and is never indexed. */
const gitInternals = /[\\/]\.git[\\/]/;

/** Reports changed files of all local folders in batches of absolute paths. */
export class WorkspaceWatcher implements vscode.Disposable {
  readonly #batch: PathBatch;
  readonly #saves: vscode.Disposable;
  #watchers: vscode.Disposable[] = [];

  constructor(onChanged: (paths: string[]) => void) {
    this.#batch = new PathBatch(onChanged, batching);
    // The file watcher sees a save too, but later.
    this.#saves = vscode.workspace.onDidSaveTextDocument((document) => this.#add(document.uri));
    this.refresh();
  }

  /** Watches the folders that are open now. */
  refresh(): void {
    this.#stop();
    this.#watchers = localFolders().map((folder) => {
      const watcher = vscode.workspace.createFileSystemWatcher(new vscode.RelativePattern(folder, '**/*'));
      watcher.onDidCreate((uri) => this.#add(uri));
      watcher.onDidChange((uri) => this.#add(uri));
      watcher.onDidDelete((uri) => this.#add(uri));
      return watcher;
    });
  }

  dispose(): void {
    this.#stop();
    this.#saves.dispose();
    this.#batch.dispose();
  }

  #add(uri: vscode.Uri): void {
    if (uri.scheme === 'file' && !gitInternals.test(uri.fsPath)) this.#batch.add(uri.fsPath);
  }

  #stop(): void {
    for (const watcher of this.#watchers) watcher.dispose();
    this.#watchers = [];
  }
}
