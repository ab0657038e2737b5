import * as vscode from 'vscode';

/** The part of the built-in git extension's API (version 1) that is used. */
interface GitExtension {
  readonly enabled: boolean;
  getAPI(version: 1): {
    getRepository(uri: vscode.Uri): {
      readonly state: { readonly remotes: readonly { readonly name: string; readonly fetchUrl?: string }[] };
    } | null;
  };
}

/** Addresses of a folder's remotes, `upstream` and `origin` first; empty without the git extension or a repository. */
export async function gitRemotes(folder: vscode.Uri): Promise<string[]> {
  const extension = vscode.extensions.getExtension<GitExtension>('vscode.git');
  const git = await extension?.activate();
  if (git?.enabled !== true) return [];
  const remotes = git.getAPI(1).getRepository(folder)?.state.remotes ?? [];
  const order = (name: string): number => ['upstream', 'origin'].indexOf(name) >>> 0;
  return [...remotes]
    .sort((a, b) => order(a.name) - order(b.name))
    .map(({ fetchUrl }) => fetchUrl)
    .filter((url) => url !== undefined);
}
