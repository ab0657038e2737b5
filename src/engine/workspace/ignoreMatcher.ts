import { lstatSync, statSync } from 'node:fs';
import path from 'node:path';
import picomatch from 'picomatch';
import { vendoredDirectoryNames, versionControlNames } from './fileNames.ts';
import { parseIgnoreFile, type GitPattern } from './gitPattern.ts';
import {
  findRepositoryTop,
  isRepositoryTop,
  readGitFacts,
  readInfoExclude,
  readText,
  type GitFacts,
} from './gitRepository.ts';
import { toByteString } from './wildmatch.ts';

export interface IgnoreOptions {
  /** Globs in the style of `files.exclude`, relative to the root; one that matches a folder leaves out all below. */
  readonly exclude: readonly string[];
  /** Whether `.gitignore`, `.git/info/exclude` and the global excludes count. `.sextantignore` always does. */
  readonly useGitignore: boolean;
  readonly signal?: AbortSignal;
}

export type IgnoreReason = 'ignored' | 'vendored';

/** A folder is walked in full, not at all, or only for the tracked files that ignore rules would hide. */
type FolderState = 'included' | 'trackedOnly' | IgnoreReason;

interface PatternSource {
  readonly patterns: readonly GitPattern[];
  /** Byte strings: cut this many characters off a path below the root, then put `prefix` in front of it. */
  readonly cut: number;
  readonly prefix: string;
}

interface Level {
  /** Highest precedence first, as git looks: nearest `.gitignore`, …, `info/exclude`, global excludes. */
  readonly git: readonly PatternSource[];
  readonly own: readonly PatternSource[];
}

const ownIgnoreFile = '.sextantignore';

/**
 * Decides for every path of one root whether it is left out; the same instance serves scanning, watching and clearing.
 * Paths are relative to the root with forward slashes. Ignore files are read when a folder is first asked about;
 * after one of them changed, call {@link IgnoreMatcher.create} again.
 *
 * As in git, nothing below an ignored folder can be let in again, and a file that is tracked is not ignored.
 * Inside a nested repository that repository's rules hold, not the outer ones.
 */
export class IgnoreMatcher {
  readonly #root: string;
  readonly #useGitignore: boolean;
  readonly #ignoreCase: boolean;
  readonly #excluded: (path: string) => boolean;
  readonly #globalExcludes: readonly GitPattern[];
  readonly #tracked: ReadonlySet<string>;
  readonly #trackedFolders = new Set<string>();
  readonly #levels = new Map<string, Level>();
  readonly #folders = new Map<string, FolderState>([['', 'included']]);
  /** Ignore files with rules, and how they looked when they were read. */
  readonly #rulesRead = new Map<string, string>();

  private constructor(root: string, options: IgnoreOptions, facts: GitFacts) {
    this.#root = root;
    this.#useGitignore = options.useGitignore;
    this.#ignoreCase = facts.ignoreCase;
    this.#excluded = globMatcher(options.exclude);
    this.#globalExcludes = parseIgnoreFile(facts.globalExcludes, facts.ignoreCase);
    this.#tracked = new Set(facts.trackedIgnored);
    for (const file of this.#tracked) {
      for (let at = parentOf(file); at !== '' && !this.#trackedFolders.has(at); at = parentOf(at)) {
        this.#trackedFolders.add(at);
      }
    }
    this.#levels.set('', this.#rootLevel());
  }

  /** @param root absolute, canonical path of the folder. */
  static async create(root: string, options: IgnoreOptions): Promise<IgnoreMatcher> {
    const facts = options.useGitignore
      ? await readGitFacts(root, options.signal)
      : { globalExcludes: '', ignoreCase: false, trackedIgnored: [] };
    return new IgnoreMatcher(root, options, facts);
  }

  /** Whether a change of this file changes what is ignored. */
  static isIgnoreFile(relativePath: string): boolean {
    const name = path.posix.basename(relativePath);
    return name === '.gitignore' || name === ownIgnoreFile;
  }

  ignores(relativePath: string, isDirectory: boolean): boolean {
    return this.reason(relativePath, isDirectory) !== undefined;
  }

  /** Why the path is left out, or `undefined` when it is not. A folder kept only for tracked files is not left out. */
  reason(relativePath: string, isDirectory: boolean): IgnoreReason | undefined {
    if (relativePath === '') return undefined;
    const state = isDirectory ? this.#folder(relativePath) : this.#judge(relativePath, false);
    return state === 'included' || state === 'trackedOnly' ? undefined : state;
  }

  #folder(relativePath: string): FolderState {
    const known = this.#folders.get(relativePath);
    if (known) return known;
    const missing = [relativePath];
    for (let at = parentOf(relativePath); !this.#folders.has(at); at = parentOf(at)) missing.push(at);
    let state: FolderState = 'included';
    for (const folder of missing.reverse()) {
      state = this.#judge(folder, true);
      this.#folders.set(folder, state);
    }
    return state;
  }

  #judge(relativePath: string, isDirectory: boolean): FolderState {
    const parent = this.#folder(parentOf(relativePath));
    if (parent === 'ignored' || parent === 'vendored') return parent;
    const name = path.posix.basename(relativePath);
    if (versionControlNames.has(name) || this.#excluded(relativePath)) return 'ignored';
    const level = this.#level(parentOf(relativePath));
    const bytes = toByteString(this.#ignoreCase ? relativePath.toLowerCase() : relativePath);
    const own = lastMatch(level.own, bytes, isDirectory);
    if (own) return own.negated ? 'included' : 'ignored';
    if (isDirectory && vendoredDirectoryNames.has(name)) return 'vendored';
    if (parent === 'included' && lastMatch(level.git, bytes, isDirectory)?.negated !== false) return 'included';
    if (isDirectory) return this.#trackedFolders.has(relativePath) ? 'trackedOnly' : 'ignored';
    return this.#tracked.has(relativePath) ? 'included' : 'ignored';
  }

  /**
   * Whether an ignore file with rules is no longer as it was read. A watcher that sees a file come and go at once says nothing of it, so a
   * rule could stay that is nowhere any more.
   */
  isStale(): boolean {
    for (const [file, look] of this.#rulesRead) if (lookOf(file) !== look) return true;
    return false;
  }

  /**
   * Tells which entries a folder has, so that nothing is looked for that is not there. Optional; parents first.
   */
  describeFolder(folder: string, has: (name: string) => boolean): void {
    if (folder === '' || this.#levels.has(folder)) return;
    this.#levels.set(folder, this.#childLevel(folder, this.#level(parentOf(folder)), has));
  }

  #level(folder: string): Level {
    const known = this.#levels.get(folder);
    if (known) return known;
    const missing = [folder];
    for (let at = parentOf(folder); !this.#levels.has(at); at = parentOf(at)) missing.push(at);
    let level = this.#levels.get(parentOf(missing.at(-1)!))!;
    for (const at of missing.reverse()) {
      level = this.#childLevel(at, level);
      this.#levels.set(at, level);
    }
    return level;
  }

  #childLevel(folder: string, parent: Level, has: (name: string) => boolean = () => true): Level {
    if (!has('.gitignore') && !has(ownIgnoreFile) && !has('.git')) return parent;
    const absolute = path.join(this.#root, folder);
    const cut = toByteString(folder).length + 1;
    const own = [...this.#read(absolute, ownIgnoreFile, cut), ...parent.own];
    if (!this.#useGitignore) return { git: [], own };
    const outer = isRepositoryTop(absolute) ? this.#repositorySources(absolute, cut, '') : parent.git;
    return { git: [...this.#read(absolute, '.gitignore', cut), ...outer], own };
  }

  /** Rules of the root itself and, where it is a folder inside a repository, of the folders above it. */
  #rootLevel(): Level {
    const own = this.#read(this.#root, ownIgnoreFile, 0);
    if (!this.#useGitignore) return { git: [], own };
    const git = this.#read(this.#root, '.gitignore', 0);
    const top = findRepositoryTop(this.#root) ?? this.#root;
    let prefix = '';
    for (let at = this.#root; at !== top; at = path.dirname(at)) {
      prefix = `${path.basename(at)}/${prefix}`;
      git.push(...this.#read(path.dirname(at), '.gitignore', 0, this.#bytes(prefix)));
    }
    git.push(...this.#repositorySources(top, 0, this.#bytes(prefix)));
    return { git, own };
  }

  #repositorySources(top: string, cut: number, prefix: string): PatternSource[] {
    const sources = [
      { patterns: parseIgnoreFile(readInfoExclude(top), this.#ignoreCase), cut, prefix },
      { patterns: this.#globalExcludes, cut, prefix },
    ];
    return sources.filter((source) => source.patterns.length > 0);
  }

  #read(folder: string, name: string, cut: number, prefix = ''): PatternSource[] {
    const file = path.join(folder, name);
    const look = lookOf(file);
    // As git: a link in a work tree may lead to any file of this machine.
    const refused = name === '.gitignore' && isLink(file);
    const patterns = parseIgnoreFile(refused ? '' : readText(file), this.#ignoreCase);
    if (patterns.length === 0) return [];
    this.#rulesRead.set(file, look);
    return [{ patterns, cut, prefix }];
  }

  #bytes(text: string): string {
    return toByteString(this.#ignoreCase ? text.toLowerCase() : text);
  }
}

function isLink(file: string): boolean {
  try {
    return lstatSync(file).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Changes with the file; empty for one that cannot be read. */
function lookOf(file: string): string {
  try {
    const { mtimeMs, size } = statSync(file);
    return `${mtimeMs} ${size}`;
  } catch {
    return '';
  }
}

function parentOf(relativePath: string): string {
  const slash = relativePath.lastIndexOf('/');
  return slash === -1 ? '' : relativePath.slice(0, slash);
}

/** The pattern that decides: the last match in the first source that has one. */
function lastMatch(sources: readonly PatternSource[], bytes: string, isDirectory: boolean): GitPattern | undefined {
  const name = bytes.slice(bytes.lastIndexOf('/') + 1);
  for (const { patterns, cut, prefix } of sources) {
    const local = prefix + bytes.slice(cut);
    for (let i = patterns.length - 1; i >= 0; i--) {
      const pattern = patterns[i]!;
      if ((isDirectory || !pattern.directoryOnly) && pattern.matches(local, name)) return pattern;
    }
  }
  return undefined;
}

/** Also matches with a trailing `/**` cut off, so that a glob for all below a folder spares reading the folder. */
function globMatcher(globs: readonly string[]): (relativePath: string) => boolean {
  const usable = globs.flatMap((glob) => {
    const clean = glob.replace(/^\.?\//, '').replace(/\/+$/, '');
    return clean.endsWith('/**') ? [clean, clean.slice(0, -3)] : [clean];
  });
  const patterns = usable.filter((glob) => glob !== '');
  return patterns.length === 0 ? () => false : picomatch(patterns, { dot: true, nonegate: true });
}
