import { execFileSync } from 'node:child_process';
import { writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';

export interface TestCommit {
  readonly message: string;
  readonly author?: string;
  readonly email?: string;
  /** Unix seconds. */
  readonly at?: number;
  /** Contents by path; null deletes. */
  readonly files?: Readonly<Record<string, string | null>>;
}

const firstCommitAt = 1_700_000_000;

/** A real repository in `directory`, its commits made by git itself, independent of the user's configuration. */
export class GitRepository {
  readonly directory: string;
  #commits = 0;

  constructor(directory: string) {
    this.directory = directory;
    mkdirSync(directory, { recursive: true });
    this.git('init', '--quiet', '--initial-branch=main');
  }

  git(...args: string[]): string {
    return this.#run(args, {});
  }

  /** Makes a commit and returns its object name. */
  commit({ message, author = 'Ada', email = 'ada@example.org', at, files = {} }: TestCommit): string {
    for (const [name, content] of Object.entries(files)) {
      if (content === null) this.git('rm', '--quiet', '--', name);
      else {
        const file = path.join(this.directory, name);
        mkdirSync(path.dirname(file), { recursive: true });
        writeFileSync(file, content);
        this.git('add', '--', name);
      }
    }
    this.#commits += 1;
    const date = `@${at ?? firstCommitAt + this.#commits * 3600} +0000`;
    const identity = {
      GIT_AUTHOR_NAME: author,
      GIT_AUTHOR_EMAIL: email,
      GIT_AUTHOR_DATE: date,
      GIT_COMMITTER_DATE: date,
    };
    this.#run(
      ['commit', '--quiet', '--allow-empty', '--allow-empty-message', '--cleanup=verbatim', '-F', '-'],
      identity,
      message,
    );
    return this.head();
  }

  head(): string {
    return this.git('rev-parse', 'HEAD').trim();
  }

  #run(args: readonly string[], environment: Readonly<Record<string, string>>, input?: string): string {
    const identity = { GIT_COMMITTER_NAME: 'Ada', GIT_COMMITTER_EMAIL: 'ada@example.org' };
    const isolated = {
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_AUTHOR_NAME: 'Ada',
      GIT_AUTHOR_EMAIL: 'ada@example.org',
    };
    return execFileSync('git', args, {
      cwd: this.directory,
      env: { ...outsideOfGit(), ...isolated, ...identity, ...environment },
      encoding: 'utf8',
      input: input ?? '',
      stdio: ['pipe', 'pipe', 'pipe'],
    });
  }
}

/** The environment without what a git hook sets, by which these commands would work on the repository of the hook. */
function outsideOfGit(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^GIT_(?!EXEC_PATH$)/.test(name)));
}
