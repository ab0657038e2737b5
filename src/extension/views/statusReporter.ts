import * as vscode from 'vscode';
import type { Diagnostics } from '../../shared/protocol.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { statusReport } from './statusReport.ts';

const scheme = 'sextant-status';
const uri = vscode.Uri.from({ scheme, path: '/Sextant index status.md' });
const diagnosticsTimeoutMs = 5_000;

/** Renders the status report and shows it as a read-only document. */
export class StatusReporter implements vscode.Disposable, vscode.TextDocumentContentProvider {
  readonly #engine: EngineClient;
  readonly #version: string;
  readonly #changed = new vscode.EventEmitter<vscode.Uri>();
  readonly #registration: vscode.Disposable;
  readonly onDidChange = this.#changed.event;

  constructor(engine: EngineClient, version: string) {
    this.#engine = engine;
    this.#version = version;
    this.#registration = vscode.workspace.registerTextDocumentContentProvider(scheme, this);
  }

  provideTextDocumentContent(): Promise<string> {
    return this.render();
  }

  /** The report as Markdown. Works with the engine down; a running one is asked for diagnostics. */
  async render(): Promise<string> {
    const { state, status } = this.#engine;
    const diagnostics = state.kind === 'running' ? await this.#diagnostics() : undefined;
    const facts = {
      Sextant: this.#version,
      'VS Code': `${vscode.version} (${vscode.env.appName}${remoteKind()})`,
      Node: `${process.version} ${process.platform} ${process.arch}`,
    };
    const restricted = !vscode.workspace.isTrusted;
    return statusReport({ state, status, restricted, facts, ...(diagnostics ? { diagnostics } : {}) }, vscode.l10n);
  }

  async open(): Promise<void> {
    this.#changed.fire(uri);
    try {
      await vscode.commands.executeCommand('markdown.showPreview', uri);
    } catch {
      // The Markdown extension may be disabled; the source reads well enough.
      await vscode.window.showTextDocument(uri, { preview: true });
    }
  }

  dispose(): void {
    this.#registration.dispose();
    this.#changed.dispose();
  }

  async #diagnostics(): Promise<Diagnostics | undefined> {
    try {
      return await this.#engine.request('diagnostics', {}, AbortSignal.timeout(diagnosticsTimeoutMs));
    } catch {
      return undefined;
    }
  }
}

/** Such as `, wsl`. Where the name is an address, it is nobody's business in a bug report. */
function remoteKind(): string {
  const { remoteName } = vscode.env;
  if (remoteName === undefined) return '';
  return /^[a-z-]+$/.test(remoteName) ? `, ${remoteName}` : ', remote';
}
