import * as vscode from 'vscode';
import type { ToolBackend } from '../../shared/runTool.ts';
import { toolNames, tools } from '../../shared/tools.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { localFolders } from '../workspace/workspaceRoots.ts';
import { SextantTool } from './languageModelTool.ts';

/** The window's own engine as tools see it. */
function windowBackend(client: EngineClient): ToolBackend {
  return {
    folders: localFolders().map(({ uri, name }) => ({ uri: uri.toString(), path: uri.fsPath, name })),
    search: (request, signal) => client.request('search', request, signal),
    similar: (request, signal) => client.request('similar', request, signal),
    status: (signal) => client.request('status', {}, signal),
  };
}

/** Offers the tools to VS Code's language models, under the names that the manifest declares. */
export function registerTools(client: EngineClient): vscode.Disposable {
  const offered = toolNames.filter((name) => (tools[name].hosts as readonly string[]).includes('languageModel'));
  return vscode.Disposable.from(
    ...offered.map((name) => vscode.lm.registerTool(name, new SextantTool(name, () => windowBackend(client)))),
  );
}
