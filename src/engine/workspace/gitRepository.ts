import { readFileSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { gitText } from '../git/runGit.ts';

const patienceMs = 20_000;
/** Bytes of the rules of one file. */
const longestText = 4 * 1024 * 1024;

/** What git itself knows about a folder and no `.gitignore` says. */
export interface GitFacts {
  /** Text of the user's global excludes, empty when there is none. */
  readonly globalExcludes: string;
  readonly ignoreCase: boolean;
  /**
   * Files below the folder that are ignored by rule and tracked all the same; relative to the folder. None of a partial clone whose rules
   * git would have to fetch.
   */
  readonly trackedIgnored: readonly string[];
}

/** The nearest folder at or above `directory` that holds a `.git`, or `undefined`. */
export function findRepositoryTop(directory: string): string | undefined {
  for (let at = directory; ; at = path.dirname(at)) {
    if (isRepositoryTop(at)) return at;
    if (path.dirname(at) === at) return undefined;
  }
}

export function isRepositoryTop(directory: string): boolean {
  return gitDirectory(directory) !== undefined;
}

/** `.git/info/exclude` of the repository at `top`, also for submodules and linked worktrees; empty when there is none. */
export function readInfoExclude(top: string): string {
  const git = gitDirectory(top);
  if (git === undefined) return '';
  const common = readText(path.join(git, 'commondir')).trim();
  return readText(path.join(common === '' ? git : path.resolve(git, common), 'info', 'exclude'));
}

/** `.git` is a folder, or a file that points to one. */
function gitDirectory(top: string): string | undefined {
  const dotGit = path.join(top, '.git');
  const stats = statSync(dotGit, { throwIfNoEntry: false });
  if (stats?.isDirectory()) return dotGit;
  const link = stats?.isFile() ? /^gitdir: (.+?)\s*$/.exec(readText(dotGit)) : null;
  return link ? path.resolve(top, link[1]!) : undefined;
}

/** Reads a small text file; empty when it is missing, unreadable or too long, or no file: reading a pipe or device may never end. */
export function readText(file: string): string {
  try {
    const stats = statSync(file);
    return stats.isFile() && stats.size <= longestText ? readFileSync(file, 'utf8') : '';
  } catch {
    return '';
  }
}

/** Asks git; a machine without git, or a folder outside of any repository, gets git's defaults. */
export async function readGitFacts(directory: string, signal?: AbortSignal): Promise<GitFacts> {
  const inRepository = findRepositoryTop(directory) !== undefined;
  const [excludesFile, ignoreCase, tracked] = await Promise.all([
    git(directory, ['config', '--type=path', '--get', 'core.excludesFile'], signal),
    git(directory, ['config', '--type=bool', '--get', 'core.ignoreCase'], signal),
    inRepository ? git(directory, ['ls-files', '-z', '--cached', '--ignored', '--exclude-standard'], signal) : '',
  ]);
  signal?.throwIfAborted();
  const configured = excludesFile.trim();
  return {
    globalExcludes: readText(configured === '' ? defaultExcludesFile() : path.resolve(directory, configured)),
    ignoreCase: ignoreCase.trim() === 'true',
    trackedIgnored: tracked.split('\0').filter((name) => name !== ''),
  };
}

/** Where gitignore(5) says the global excludes are unless configured. */
function defaultExcludesFile(): string {
  const configHome = process.env['XDG_CONFIG_HOME'];
  return path.join(configHome ? configHome : path.join(homedir(), '.config'), 'git', 'ignore');
}

/** Output of a read-only git command (see {@link gitText}); empty when it fails or takes too long. */
async function git(directory: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const patience = AbortSignal.timeout(patienceMs);
  return gitText(directory, args, signal ? AbortSignal.any([signal, patience]) : patience).catch(() => '');
}
