import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { SextantApi } from '../../src/extension/extensionApi.ts';
import type { SearchMode, SearchRequest, SearchResult } from '../../src/shared/search.ts';
import type { EngineStatus } from '../../src/shared/status.ts';
import { waitFor } from '../support/waitFor.ts';

export const extensionId = 'sextant.sextant';

export function sextant(): vscode.Extension<SextantApi> {
  const extension = vscode.extensions.getExtension<SextantApi>(extensionId);
  assert.ok(extension, `${extensionId} is not installed`);
  return extension;
}

export function api(): SextantApi {
  return sextant().exports;
}

export function folder(): vscode.Uri {
  const [first] = vscode.workspace.workspaceFolders ?? [];
  assert.ok(first, 'the window has no folder');
  return first.uri;
}

export function uriOf(path: string): vscode.Uri {
  return vscode.Uri.joinPath(folder(), path);
}

export async function write(path: string, text: string): Promise<void> {
  await vscode.workspace.fs.writeFile(uriOf(path), new TextEncoder().encode(text));
}

export async function read(path: string): Promise<string> {
  return new TextDecoder().decode(await vscode.workspace.fs.readFile(uriOf(path)));
}

export async function find(query: string, mode: SearchMode = 'keyword'): Promise<readonly SearchResult[]> {
  const request: SearchRequest = { query, mode, limit: 20, filters: {} };
  return (await api().search(request)).results;
}

/** Waits until a search finds, or no longer finds, the file. */
export async function untilFound(query: string, path: string, found = true): Promise<void> {
  const what = `«${query}» ${found ? 'to find' : 'to forget'} ${path}`;
  await waitFor(what, async () => (await find(query)).some((result) => result.path === path) === found, 30_000);
}

/** The status once every root is indexed and embedded. */
export function untilIdle(): Promise<EngineStatus> {
  return waitFor(
    'the index to be complete',
    () => {
      const status = api().status();
      const roots = status?.roots ?? [];
      const idle = roots.length > 0 && roots.every((root) => root.phase === 'ready' && root.chunks > 0);
      return idle && roots.every((root) => root.embedded === root.chunks) ? status : undefined;
    },
    100_000,
  );
}

export function untilRoots(count: number): Promise<boolean> {
  return waitFor(`${count} roots`, () => api().status()?.roots.length === count, 30_000);
}

export async function closeEditors(): Promise<void> {
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

/** 1-based line of the first occurrence of `text`. */
export function lineOf(text: string, part: string): number {
  const index = text.split('\n').findIndex((line) => line.includes(part));
  assert.notEqual(index, -1, `no line with «${part}»`);
  return index + 1;
}
