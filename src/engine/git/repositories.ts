import { readdirSync } from 'node:fs';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import { findRepositoryTop, isRepositoryTop } from '../workspace/gitRepository.ts';
import { gitText, streamGit } from './runGit.ts';
import { splitTokens } from './splitTokens.ts';

/** A repository whose history belongs to a workspace folder. */
export interface FolderRepository {
  /** Where git is run: the workspace folder, or a repository right below it. */
  readonly directory: string;
  /** Path of `directory` below the workspace folder; empty for the folder itself. */
  readonly prefix: string;
  /** The folder lies within the repository: only what touches the folder counts. */
  readonly partial: boolean;
}

/** More repositories than this below one folder are somebody's collection, not a workspace. */
const mostRepositories = 50;

/**
 * The repository that the folder lies in; where there is none, those right below it. Submodules and other repositories within a
 * repository are not looked for.
 */
export function repositoriesOf(folder: string): FolderRepository[] {
  const top = findRepositoryTop(folder);
  if (top !== undefined)
    return [{ directory: folder, prefix: '', partial: path.resolve(top) !== path.resolve(folder) }];
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && isRepositoryTop(path.join(folder, entry.name)))
    .slice(0, mostRepositories)
    .map(({ name }) => ({ directory: path.join(folder, name), prefix: name, partial: false }));
}

export interface HistoryState {
  /** The commit that `HEAD` names; undefined in a repository without commits. */
  readonly head: string | undefined;
  /** Commits whose parents a shallow clone does not have, sorted. */
  readonly boundary: readonly string[];
}

/** @throws SextantError `git_failed`; the signal's reason when cancelled. */
export async function historyState(directory: string, signal?: AbortSignal): Promise<HistoryState> {
  const head = await gitText(directory, ['rev-parse', '--verify', '--quiet', 'HEAD'], signal).catch((error: unknown) =>
    unlessMissing(error, signal),
  );
  const shallow = await gitText(directory, ['rev-parse', '--is-shallow-repository'], signal);
  if (shallow.trim() !== 'true') return { head: head.trim() || undefined, boundary: [] };
  // A grafted commit is listed as a root; real roots of a shallow clone are few and do no harm among them.
  const roots = await gitText(directory, ['rev-list', '--max-parents=0', 'HEAD'], signal);
  return { head: head.trim() || undefined, boundary: roots.split('\n').filter(Boolean).sort() };
}

/** `rev-parse --quiet` fails without a word when there is no such commit. */
function unlessMissing(error: unknown, signal: AbortSignal | undefined): string {
  signal?.throwIfAborted();
  if (error instanceof SextantError && error.message.endsWith('no reason given')) return '';
  throw error;
}

/** True where the commit is still in the repository; a rewritten history may have lost it. */
export async function hasCommit(directory: string, sha: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await gitText(directory, ['cat-file', '-e', `${sha}^{commit}`], signal);
    return true;
  } catch {
    signal?.throwIfAborted();
    return false;
  }
}

/** Commits reachable from `from` and not from `not`, as object names. */
export async function* listCommits(
  directory: string,
  from: string,
  not: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<string> {
  const names = splitLines(streamGit(directory, ['rev-list', from, '--not', ...not, '--'], signal));
  for await (const name of names) yield name;
}

async function* splitLines(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let open = '';
  for await (const piece of pieces) {
    const lines = (open + Buffer.from(piece).toString('latin1')).split('\n');
    open = lines.pop()!;
    yield* lines;
  }
  if (open !== '') yield open;
}

export interface Tag {
  readonly name: string;
  /** Unix seconds: when the tag was made, or its commit for a light one. */
  readonly at: number;
}

/** All tags, the oldest first. */
export async function readTags(directory: string, signal?: AbortSignal): Promise<Tag[]> {
  const format = '%(refname:strip=2)%00%(creatordate:unix)%00';
  const tags: Tag[] = [];
  let name: string | undefined;
  const tokens = splitTokens(
    streamGit(directory, ['for-each-ref', '--sort=creatordate', `--format=${format}`, 'refs/tags'], signal),
  );
  for await (const token of tokens) {
    if (name === undefined) name = token.replace(/^\n/, '');
    else {
      if (/^\d+$/.test(token)) tags.push({ name, at: Number(token) });
      name = undefined;
    }
  }
  return tags;
}

const longestPatch = 400_000;

/**
 * One commit as `git show` writes it, for reading: head, message, statistics, patch; cut when very long.
 * @throws SextantError `invalid_argument` for what is not an object name, `git_failed` when there is no such commit.
 */
export async function showCommit(directory: string, sha: string, signal?: AbortSignal): Promise<string> {
  if (!/^[0-9a-f]{7,64}$/.test(sha)) throw new SextantError('invalid_argument', `«${sha}» is not a commit.`);
  const args = ['show', '--no-color', '--no-ext-diff', '--no-textconv', '--no-show-signature', '--format=fuller'];
  const decoder = new TextDecoder();
  let text = '';
  for await (const piece of streamGit(
    directory,
    [...args, '--stat', '--patch', '-M', '--encoding=UTF-8', sha, '--'],
    signal,
  )) {
    text += decoder.decode(piece, { stream: true });
    if (text.length > longestPatch) return `${text.slice(0, longestPatch)}\n… cut: the patch is longer.\n`;
  }
  return text;
}
