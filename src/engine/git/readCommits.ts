import { isAbsolute } from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { ChangeKind, Commit, FileChange } from './commit.ts';
import { hunksByPath } from './parsePatch.ts';
import { gitText, streamGit } from './runGit.ts';
import { splitTokens } from './splitTokens.ts';

export interface ReadCommitsOptions {
  /** Where to start; absent: `HEAD`. */
  readonly from?: string;
  /** Commits reachable from these are left out: what is known already. */
  readonly not?: readonly string[];
  /** At most so many, the newest first. */
  readonly limit?: number;
  /** Unix seconds: only commits made since then. */
  readonly since?: number;
  /** What to say about the changed files; absent: `names`. Hunks make git compare contents, which is many times slower. */
  readonly files?: 'none' | 'names' | 'hunks';
  readonly merges?: boolean;
  /** Only commits that touch this folder, paths relative to it. Absent: the whole repository, paths relative to its top. */
  readonly below?: '.';
  readonly signal?: AbortSignal;
}

/** Stands before each commit: a token that no path and no status of git is. */
const mark = '\x01commit\x01';
const fields = ['%H', '%P', '%aN', '%aE', '%at', '%ct', '%B'];
const format = `%x00%x01commit%x01%x00${fields.join('%x00')}%x00`;

const kindsByLetter: Readonly<Record<string, ChangeKind>> = {
  A: 'added',
  M: 'modified',
  D: 'deleted',
  R: 'renamed',
  C: 'copied',
  T: 'retyped',
};

const outputOptions = {
  none: [],
  names: ['--raw', '-M'],
  hunks: ['--raw', '-M', '-p', '-U0', '--src-prefix=a/', '--dst-prefix=b/', '--inter-hunk-context=0'],
} as const;

/** An object name or a ref, never an option. */
function checkedRevision(revision: string): string {
  if (revision === '' || revision.startsWith('-') || /[\0\n]/.test(revision)) {
    throw new SextantError('invalid_argument', `«${revision}» is not a revision.`);
  }
  return revision;
}

/** Whether git left contents behind when it cloned (`--filter`), which it would fetch now were it let. */
async function isPartialClone(directory: string, signal: AbortSignal | undefined): Promise<boolean> {
  const settings = await gitText(directory, ['config', '--list', '--name-only'], signal);
  return /^(?:remote\..*\.promisor|extensions\.partialclone)$/im.test(settings);
}

function logArguments(options: ReadCommitsOptions, exactRenames: boolean): string[] {
  const { from = 'HEAD', not = [], limit, since, files = 'names', merges = true, below } = options;
  return [
    'log',
    '-z',
    `--format=${format}`,
    '--encoding=UTF-8',
    '--no-color',
    '--no-notes',
    '--no-decorate',
    '--no-show-signature',
    '--no-ext-diff',
    '--no-textconv',
    '--ignore-submodules=all',
    '--no-abbrev',
    ...outputOptions[files],
    // A file that was changed as it was moved is known by its contents alone.
    ...(exactRenames ? ['-M100%'] : []),
    ...(limit === undefined ? [] : [`--max-count=${limit}`]),
    ...(since === undefined ? [] : [`--since=@${since}`]),
    ...(merges ? [] : ['--no-merges']),
    ...(below === undefined ? [] : ['--relative']),
    checkedRevision(from),
    ...(not.length === 0 ? [] : ['--not', ...not.map(checkedRevision)]),
    '--',
    ...(below === undefined ? [] : [below]),
  ];
}

/**
 * The commits of the repository that `directory` lies in, newest first, streamed as git finds them. Output is parsed as it comes,
 * piece by piece, so a history of 100,000 commits neither fills the memory nor holds up the event loop.
 *
 * @throws SextantError `git_failed` (no git, no repository, unknown revision); the signal's reason when cancelled.
 */
export async function* readCommits(directory: string, options: ReadCommitsOptions = {}): AsyncGenerator<Commit> {
  if (!isAbsolute(directory)) throw new SextantError('invalid_argument', `${directory} is not an absolute path.`);
  const named = (options.files ?? 'names') === 'names';
  const exactRenames = named && (await isPartialClone(directory, options.signal));
  const tokens = splitTokens(streamGit(directory, logArguments(options, exactRenames), options.signal));
  let commit: CommitBuilder | undefined;
  for await (const token of tokens) {
    if (token === mark) {
      if (commit !== undefined) yield commit.build();
      commit = new CommitBuilder(options.files === 'hunks');
    } else commit?.add(token);
  }
  if (commit !== undefined) yield commit.build();
}

/** A change whose paths are still to come. */
interface OpenEntry {
  readonly kind: ChangeKind;
  readonly paths: string[];
  readonly wanted: number;
}

/** Takes the tokens of one commit in the order in which git writes them. */
class CommitBuilder {
  readonly #withHunks: boolean;
  readonly #fields: string[] = [];
  readonly #files: { path: string; previousPath?: string; kind: ChangeKind }[] = [];
  #entry: OpenEntry | undefined;
  #patch = '';

  constructor(withHunks: boolean) {
    this.#withHunks = withHunks;
  }

  add(token: string): void {
    if (this.#fields.length < fields.length) this.#fields.push(token);
    else if (this.#entry !== undefined) this.#addPath(this.#entry, token);
    else if (/^\n?:/.test(token)) this.#beginEntry(token);
    else if (this.#withHunks && token !== '') this.#patch += token;
  }

  build(): Commit {
    const [sha = '', parents = '', authorName = '', authorEmail = '', authored = '', committed = '', message = ''] =
      this.#fields;
    const parentList = parents.split(' ').filter(Boolean);
    const text = message.trimStart();
    const end = text.search(/\r?\n/);
    return {
      sha,
      parents: parentList,
      authorName,
      authorEmail,
      authoredAt: Number(authored),
      committedAt: Number(committed),
      subject: (end === -1 ? text : text.slice(0, end)).trim(),
      body: end === -1 ? '' : text.slice(end).trim(),
      merge: parentList.length > 1,
      files: this.#changes(),
    };
  }

  #changes(): FileChange[] {
    if (!this.#withHunks) return this.#files;
    const hunks = hunksByPath(this.#patch);
    return this.#files.map((file) => ({ ...file, hunks: hunks.get(file.path) ?? [] }));
  }

  /** `:100644 100644 <old> <new> R100`; the paths are the tokens that follow. */
  #beginEntry(token: string): void {
    const letter = token.slice(token.lastIndexOf(' ') + 1, token.lastIndexOf(' ') + 2);
    const kind = kindsByLetter[letter] ?? 'modified';
    this.#entry = { kind, paths: [], wanted: kind === 'renamed' || kind === 'copied' ? 2 : 1 };
  }

  #addPath(entry: OpenEntry, path: string): void {
    entry.paths.push(path);
    if (entry.paths.length < entry.wanted) return;
    const [first = '', second] = entry.paths;
    this.#files.push(
      second === undefined
        ? { path: first, kind: entry.kind }
        : { path: second, previousPath: first, kind: entry.kind },
    );
    this.#entry = undefined;
  }
}
