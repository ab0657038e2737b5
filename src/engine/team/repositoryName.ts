import path from 'node:path';
import { gitText } from '../git/runGit.ts';

/** A remote's address without scheme, user and ending, so that clones over SSH and HTTPS are the same repository. */
export function nameOfRemote(remote: string): string {
  return remote
    .trim()
    .replace(/^[a-z+]+:\/\//i, '')
    .replace(/^[^@/]*@/, '')
    .replace(/^([^/:]+):(?=\D)/, '$1/')
    .replace(/\/+$/, '')
    .replace(/\.git$/, '');
}

/**
 * What a folder is called in a shared index: its remote `origin`, with the path within the repository behind it where it is a
 * part of one; the folder's name where there is no remote.
 */
export async function repositoryName(folder: string, signal?: AbortSignal): Promise<string> {
  try {
    const remote = nameOfRemote(await gitText(folder, ['config', '--get', 'remote.origin.url'], signal));
    const below = (await gitText(folder, ['rev-parse', '--show-prefix'], signal)).trim().replace(/\/$/, '');
    if (remote !== '') return below === '' ? remote : `${remote}/${below}`;
  } catch {
    signal?.throwIfAborted();
    // No repository, no remote or no git.
  }
  return path.basename(folder);
}
