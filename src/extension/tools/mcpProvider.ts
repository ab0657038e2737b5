import * as vscode from 'vscode';
import { mcpProviderId } from '../../shared/tools.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';

export interface McpProviderOptions {
  /** Absolute path of the command line's bundle. */
  readonly entry: string;
  /** Where this window's indexes are: the server reads the same. */
  readonly storageDir: string;
  readonly version: string;
  /** Writes what the user configured and returns the file, if that is possible. */
  readonly windowSettings: () => string | undefined;
  /** False when the user does not want the server offered. */
  readonly enabled: () => boolean;
}

/**
 * Tells VS Code of our MCP server, so that agents find it without being configured. It serves the folders of this window, from
 * this window's engine; in a workspace that is not trusted there is none.
 */
export class McpProvider
  implements vscode.McpServerDefinitionProvider<vscode.McpStdioServerDefinition>, vscode.Disposable
{
  readonly #options: McpProviderOptions;
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #disposables: vscode.Disposable;

  readonly onDidChangeMcpServerDefinitions = this.#changed.event;

  constructor(options: McpProviderOptions) {
    this.#options = options;
    this.#disposables = vscode.Disposable.from(
      this.#changed,
      vscode.workspace.onDidChangeWorkspaceFolders(() => this.refresh()),
      vscode.workspace.onDidGrantWorkspaceTrust(() => this.refresh()),
      vscode.lm.registerMcpServerDefinitionProvider(mcpProviderId, this),
    );
  }

  /** Something that the definition follows from has changed. */
  refresh(): void {
    this.#changed.fire();
  }

  provideMcpServerDefinitions(): vscode.McpStdioServerDefinition[] {
    const { entry, storageDir, version, enabled, windowSettings } = this.#options;
    const folders = localFolders();
    if (!enabled() || !vscode.workspace.isTrusted || folders.length === 0) return [];
    const dirs = folders.flatMap(({ uri }) => ['--dir', uri.fsPath]);
    const file = windowSettings();
    const args = [entry, 'mcp', ...dirs, ...(file === undefined ? [] : ['--window-settings', file])];
    const env = { ELECTRON_RUN_AS_NODE: '1', SEXTANT_HOME: storageDir };
    return [new vscode.McpStdioServerDefinition('Sextant', process.execPath, args, env, version)];
  }

  dispose(): void {
    this.#disposables.dispose();
  }
}
