import * as vscode from 'vscode';
import type { WorkspaceRoot } from '../../shared/protocol.ts';
import { readRootSettings } from '../config/settingsSnapshot.ts';

/** The folders that can be indexed: those on a disk that this extension host can read. */
export function localFolders(): vscode.WorkspaceFolder[] {
  return (vscode.workspace.workspaceFolders ?? []).filter((folder) => folder.uri.scheme === 'file');
}

export function readRoots(): WorkspaceRoot[] {
  return localFolders().map((folder) => ({
    uri: folder.uri.toString(),
    path: folder.uri.fsPath,
    name: folder.name,
    settings: readRootSettings(folder.uri),
  }));
}

/** The root that holds a file and the file's path in it with forward slashes; `undefined` outside of every root. */
export function placeInRoot(uri: vscode.Uri): { readonly root: string; readonly path: string } | undefined {
  if (uri.scheme !== 'file') return undefined;
  const folder = vscode.workspace.getWorkspaceFolder(uri);
  if (folder?.uri.scheme !== 'file') return undefined;
  const base = folder.uri.path.endsWith('/') ? folder.uri.path : `${folder.uri.path}/`;
  return { root: folder.uri.toString(), path: uri.path.slice(base.length) };
}
