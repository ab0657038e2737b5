import { createHash } from 'node:crypto';
import * as z from 'zod/mini';
import type { Commit } from '../git/commit.ts';
import { readCommits } from '../git/readCommits.ts';
import { hasCommit, historyState, listCommits, repositoriesOf, type FolderRepository } from '../git/repositories.ts';
import type { HistorySource, NewHistoryItem } from '../store/history/historyTypes.ts';
import type { HistoryStore } from './historyStore.ts';

/** Commits written in one transaction: some tens of milliseconds, so that searches get their turn in between. */
const batchSize = 64;
/** Nobody reads further; longer messages are logs that somebody pasted. */
const longestBody = 20_000;
/** A commit that touches more is an import or a mass edit and says nothing about single files. */
const mostFiles = 1000;

const stateSchema = z.object({
  head: z.optional(z.string()),
  /** Digest of the commits at which a shallow clone ends. */
  boundary: z.string(),
  limit: z.int(),
  /** The history is longer than the limit. */
  truncated: z.boolean(),
});
type GitState = z.infer<typeof stateSchema>;

export interface SyncCommitsOptions {
  /** The newest so many commits of each repository are kept. */
  readonly limit: number;
  readonly signal: AbortSignal;
  /** Called after every batch with the number of commits read so far. */
  readonly onProgress?: (read: number) => void;
}

export interface SyncSummary {
  readonly repositories: number;
  readonly added: number;
  readonly removed: number;
}

function parseState(text: string): GitState | undefined {
  const parsed = stateSchema.safeParse(JSON.parse(text));
  return parsed.success ? parsed.data : undefined;
}

function digestOf(names: readonly string[]): string {
  return createHash('sha256').update(names.join('\n')).digest('hex').slice(0, 16);
}

/**
 * Brings the commits of a folder's repositories in the store up to date. What is known is not read again; a rewritten history, a
 * switched branch or a deepened clone costs what changed. State is recorded when all is written, so a reading that is cut short is
 * done again, which is cheap where the commits are there already.
 *
 * @throws SextantError `git_failed`, `database_busy`; the signal's reason when cancelled.
 */
export async function syncCommits(
  store: HistoryStore,
  folder: string,
  options: SyncCommitsOptions,
): Promise<SyncSummary> {
  const repositories = options.limit === 0 ? [] : repositoriesOf(folder);
  const wanted = new Set(repositories.map(({ prefix }) => prefix));
  const known = store.readHistory((history) => history.sources()).filter(({ kind }) => kind === 'git');
  const orphans = known.filter(({ name }) => !wanted.has(name));
  if (orphans.length > 0) store.writeHistory((history) => orphans.forEach(({ id }) => history.removeSource(id)));
  const total = { repositories: repositories.length, added: 0, removed: 0 };
  for (const repository of repositories) {
    const sync = new RepositorySync(store, repository, options, total.added);
    const { added, removed } = await sync.run();
    total.added += added;
    total.removed += removed;
  }
  return total;
}

class RepositorySync {
  readonly #store: HistoryStore;
  readonly #repository: FolderRepository;
  readonly #options: SyncCommitsOptions;
  readonly #source: HistorySource;
  readonly #before: number;
  #boundary: ReadonlySet<string> = new Set();
  #added = 0;
  #removed = 0;

  constructor(store: HistoryStore, repository: FolderRepository, options: SyncCommitsOptions, before: number) {
    this.#store = store;
    this.#repository = repository;
    this.#options = options;
    this.#before = before;
    const known = store
      .readHistory((history) => history.sources())
      .find(({ kind, name }) => kind === 'git' && name === repository.prefix);
    this.#source = known ?? store.writeHistory((history) => history.source('git', repository.prefix));
  }

  async run(): Promise<{ added: number; removed: number }> {
    const { signal, limit } = this.#options;
    const { directory } = this.#repository;
    const { head, boundary } = await historyState(directory, signal);
    const last = parseState(this.#source.state);
    const next = { ...(head === undefined ? {} : { head }), boundary: digestOf(boundary), limit };
    if (last?.head === head && last?.boundary === next.boundary && last.limit === limit)
      return { added: 0, removed: 0 };
    this.#boundary = new Set(boundary);
    const known = last?.boundary === next.boundary && last.limit === limit ? last.head : undefined;
    let truncated = false;
    if (head === undefined) this.#removed += this.#write((history) => history.trim(this.#source.id, 0));
    else if (known !== undefined && (await this.#update(known, head))) truncated = this.#trim() || last!.truncated;
    else truncated = await this.#readAll(head);
    const state: GitState = { ...next, truncated };
    this.#write((history) => history.setState(this.#source.id, JSON.stringify(state)));
    return { added: this.#added, removed: this.#removed };
  }

  /** Reads what is new since `known`; false where only reading everything gives the right answer. */
  async #update(known: string, head: string): Promise<boolean> {
    const { signal } = this.#options;
    const { directory } = this.#repository;
    if (!(await hasCommit(directory, known, signal))) return false;
    const gone: string[] = [];
    for await (const sha of listCommits(directory, known, [head], signal)) gone.push(sha);
    // Commits that go make room for older ones that were never read.
    if (gone.length > 0 && parseState(this.#source.state)?.truncated === true) return false;
    await this.#read(head, [known]);
    if (gone.length > 0) this.#removed += this.#write((history) => history.remove(this.#source.id, gone));
    return true;
  }

  async #readAll(head: string): Promise<boolean> {
    const seen = new Set<string>();
    await this.#read(head, [], seen);
    const keys = this.#store.readHistory((history) => history.keysOf(this.#source.id));
    const gone = keys.filter((key) => !seen.has(key));
    if (gone.length > 0) this.#removed += this.#write((history) => history.remove(this.#source.id, gone));
    return seen.size >= this.#options.limit;
  }

  async #read(from: string, not: readonly string[], seen?: Set<string>): Promise<void> {
    const { signal, limit } = this.#options;
    const { directory, partial } = this.#repository;
    let batch: NewHistoryItem[] = [];
    for await (const commit of readCommits(directory, {
      from,
      not,
      limit,
      signal,
      ...(partial ? { below: '.' } : {}),
    })) {
      seen?.add(commit.sha);
      batch.push(this.#toItem(commit));
      if (batch.length < batchSize) continue;
      this.#put(batch);
      batch = [];
    }
    this.#put(batch);
  }

  #put(batch: readonly NewHistoryItem[]): void {
    if (batch.length === 0) return;
    this.#added += this.#write((history) => history.put(this.#source.id, batch));
    this.#options.onProgress?.(this.#before + this.#added);
  }

  #trim(): boolean {
    const dropped = this.#write((history) => history.trim(this.#source.id, this.#options.limit));
    this.#removed += dropped;
    return dropped > 0;
  }

  #write: HistoryStore['writeHistory'] = (work) => this.#store.writeHistory(work);

  #toItem(commit: Commit): NewHistoryItem {
    const { prefix } = this.#repository;
    // Where a shallow clone ends a commit seems to add every file.
    const files = this.#boundary.has(commit.sha) || commit.files.length > mostFiles ? [] : commit.files;
    return {
      kind: 'commit',
      key: commit.sha,
      authorName: commit.authorName,
      authorEmail: commit.authorEmail,
      at: commit.authoredAt,
      merge: commit.merge,
      title: commit.subject.slice(0, longestBody),
      body: commit.body.slice(0, longestBody),
      files: files.map(({ path, kind }) => ({ path: prefix === '' ? path : `${prefix}/${path}`, kind })),
    };
  }
}
