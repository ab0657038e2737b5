import * as vscode from 'vscode';
import type { EngineClient } from '../engine/engineClient.ts';
import type { OpenHow } from '../views/searchPanel.ts';

const scheme = 'sextant-commit';

interface CommitPlace {
  /** Canonical URI of the root. */
  readonly root: string;
  /** Path of the repository below the root; empty for the root's own. */
  readonly source: string;
  readonly sha: string;
}

/** Shows commits as read-only documents: head, message and patch. They never change, so nothing is watched. */
export class CommitDocuments implements vscode.TextDocumentContentProvider, vscode.Disposable {
  readonly #client: EngineClient;
  readonly #registration: vscode.Disposable;

  constructor(client: EngineClient) {
    this.#client = client;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  async provideTextDocumentContent(uri: vscode.Uri, token: vscode.CancellationToken): Promise<string> {
    const place = JSON.parse(uri.query) as CommitPlace;
    const abort = new AbortController();
    const subscription = token.onCancellationRequested(() => abort.abort());
    try {
      return (await this.#client.request('showCommit', place, abort.signal)).text;
    } finally {
      subscription.dispose();
    }
  }

  async open(place: CommitPlace, how: OpenHow): Promise<void> {
    const uri = vscode.Uri.from({ scheme, path: `/${place.sha.slice(0, 10)}.diff`, query: JSON.stringify(place) });
    const document = await vscode.workspace.openTextDocument(uri);
    await vscode.languages.setTextDocumentLanguage(document, 'diff');
    await vscode.window.showTextDocument(document, {
      preserveFocus: how === 'preview',
      preview: how !== 'side',
      ...(how === 'side' ? { viewColumn: vscode.ViewColumn.Beside } : {}),
    });
  }

  dispose(): void {
    this.#registration.dispose();
  }
}
