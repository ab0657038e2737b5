import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable } from 'node:stream';
import { SextantError } from '../../shared/errors.ts';

/** What git says about a failure is kept up to this many characters. */
const longestComplaint = 4000;

/**
 * Settings that a repository's own configuration must not decide: nothing of it is executed (file-system monitor, hooks, signature
 * programs), nothing is fetched, and the output has one form.
 */
const fixedConfiguration = [
  'core.fsmonitor=false',
  'core.hooksPath=/dev/null',
  'core.quotePath=false',
  // Else git runs another one inside of the submodule, which takes that one's configuration and none of these options.
  'diff.submodule=short',
  'log.showSignature=false',
  'log.diffMerges=off',
  'log.follow=false',
  'protocol.allow=never',
];

/** The environment without what would point git to another repository, with what keeps it quiet. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !name.startsWith('GIT_') || name === 'GIT_EXEC_PATH' || name.startsWith('GIT_CONFIG'),
  );
  return {
    ...Object.fromEntries(inherited),
    LC_ALL: 'C',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    GIT_NO_LAZY_FETCH: '1',
    // Stands above what a repository allows for one protocol by name; git knows none that is called this.
    GIT_ALLOW_PROTOCOL: 'none',
    GIT_PAGER: 'cat',
  };
}

// Windows would look for git in the current folder first, which may hold anything.
if (process.platform === 'win32') process.env['NoDefaultCurrentDirectoryInExePath'] = '1';

function startGit(directory: string, args: readonly string[]): ChildProcessByStdio<null, Readable, Readable> {
  const configuration = fixedConfiguration.flatMap((setting) => ['-c', setting]);
  return spawn('git', ['-C', directory, '--no-pager', ...configuration, ...args], {
    env: gitEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
  });
}

function failure(directory: string, complaint: string): SextantError {
  const text = complaint.trim();
  if (text.includes('dubious ownership')) {
    return new SextantError('git_failed', `git does not trust ${directory}: it belongs to another user.`, {
      hint: `Run \`git config --global --add safe.directory ${directory}\`.`,
    });
  }
  if (text.includes('not a git repository')) {
    return new SextantError('git_failed', `${directory} is not in a git repository.`);
  }
  if (text.includes('from promisor remote')) {
    return new SextantError('git_failed', `The clone in ${directory} lacks contents that are needed for this.`, {
      hint: 'It was made with `git clone --filter`; `git fetch --refetch --no-filter` gets the rest. Sextant fetches nothing.',
    });
  }
  const line = text.split('\n').find((candidate) => /^(?:fatal|error): /.test(candidate)) ?? text.split('\n')[0] ?? '';
  return new SextantError('git_failed', `git failed in ${directory}: ${line || 'no reason given'}`);
}

function notStarted(cause: NodeJS.ErrnoException): SextantError {
  if (cause.code !== 'ENOENT')
    return new SextantError('git_failed', `git cannot be started: ${cause.message}`, { cause });
  return new SextantError('git_failed', 'git was not found.', {
    hint: 'Install git, or add it to the PATH, to read commits.',
    cause,
  });
}

/**
 * Standard output of a read-only git command, piece by piece; no shell, no hooks, no prompts, no network. Leaving the loop early
 * ends git.
 *
 * @throws SextantError `git_failed`; the signal's reason when cancelled.
 */
export async function* streamGit(
  directory: string,
  args: readonly string[],
  signal?: AbortSignal,
): AsyncGenerator<Buffer> {
  signal?.throwIfAborted();
  const child = startGit(directory, args);
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (complaint.length < longestComplaint) complaint += text;
  });
  const ended = new Promise<number | NodeJS.ErrnoException>((resolve) => {
    child.once('error', resolve).once('close', (code) => resolve(code ?? 1));
  });
  const stop = (): void => void child.kill();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    for await (const piece of child.stdout as AsyncIterable<Buffer>) {
      signal?.throwIfAborted();
      yield piece;
    }
    const outcome = await ended;
    signal?.throwIfAborted();
    if (outcome instanceof Error) throw notStarted(outcome);
    if (outcome !== 0) throw failure(directory, complaint);
  } finally {
    signal?.removeEventListener('abort', stop);
    if (child.exitCode === null) stop();
  }
}

/** The whole standard output of a short git command; see {@link streamGit} for what it may do and throws. */
export async function gitText(directory: string, args: readonly string[], signal?: AbortSignal): Promise<string> {
  const pieces: Buffer[] = [];
  for await (const piece of streamGit(directory, args, signal)) pieces.push(piece);
  return Buffer.concat(pieces).toString('utf8');
}
