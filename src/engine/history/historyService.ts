import { SextantError } from '../../shared/errors.ts';
import type { HistoryStatus } from '../../shared/history.ts';
import type { EngineSettings, LogLine } from '../../shared/protocol.ts';
import type { SearchRequest, SearchResponse } from '../../shared/search.ts';
import type { RootStatus } from '../../shared/status.ts';
import type { OpenRoot } from '../openRoot.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { profileQuery } from '../search/queryProfile.ts';
import { checkedQuery } from '../search/searchEngine.ts';
import { TermScanner } from '../search/termScanner.ts';
import type { MoodReaders } from '../sentiment/classifierHost.ts';
import { showCommit } from '../git/repositories.ts';
import { moodsOf } from './classifyHistory.ts';
import { RootHistory } from './rootHistory.ts';
import { historyResult, rankHistory, type RankedItem } from './searchHistory.ts';

/** The newest so many commits are kept unless the settings say otherwise. */
const defaultCommitLimit = 20_000;
/** A search looks for new commits when the last look is longer ago; work on files, which comes with every save, less often. */
const staleMs = { search: 3000, files: 15_000 } as const;

export interface HistoryAccess {
  readonly storageDir: string;
  /** @throws SextantError `not_found` for a root that is not open. */
  opened(uri: string): Pick<OpenRoot, 'history' | 'workspace'>;
  encoder(): Promise<Encoder>;
  settings(): EngineSettings;
}

export interface HistoryServiceOptions {
  readonly access: HistoryAccess;
  readonly classifier: MoodReaders;
  readonly onStatus: (status: HistoryStatus) => void;
  readonly onLog: (line: LogLine) => void;
}

/** Commits and issues of the open roots: read, embedded in the background after the code, searched. */
export class HistoryService {
  readonly #options: HistoryServiceOptions;
  readonly #roots = new Map<string, RootHistory>();
  readonly #phases = new Map<string, RootStatus['phase']>();
  readonly #catchingUp = new Set<string>();
  readonly #stop = new AbortController();

  constructor(options: HistoryServiceOptions) {
    this.#options = options;
  }

  /** The history of an open root. @throws SextantError `not_found` */
  of(uri: string): RootHistory {
    const opened = this.#options.access.opened(uri);
    const known = this.#roots.get(uri);
    if (known !== undefined) return known;
    const { onStatus, onLog, access } = this.#options;
    const history = new RootHistory({
      root: uri,
      folder: opened.workspace.path,
      store: opened.history,
      commitLimit: () => access.settings().commitLimit ?? defaultCommitLimit,
      onStatus,
      onLog,
    });
    this.#roots.set(uri, history);
    return history;
  }

  /** Tell of every status of a root: its history's turn comes when the code is done. */
  rootChanged({ root, phase }: RootStatus): void {
    const before = this.#phases.get(root);
    this.#phases.set(root, phase);
    if (phase === 'ready' && before !== 'ready') this.#catchUp(root, staleMs.files);
  }

  /** Reads new commits and embeds what waits; for the command line, which waits for it. */
  async update(
    uri: string,
    { embed, signal }: { readonly embed: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    const history = this.of(uri);
    await history.read(signal);
    if (embed) await history.embed(await this.#options.access.encoder(), signal);
  }

  /** Stops work on a root; its store is about to be closed. */
  async close(uri: string): Promise<void> {
    const history = this.#roots.get(uri);
    this.#roots.delete(uri);
    this.#phases.delete(uri);
    await history?.dispose();
  }

  async dispose(): Promise<void> {
    this.#stop.abort();
    await Promise.all([...this.#roots.keys()].map((uri) => this.close(uri)));
  }

  /**
   * Searches commits, issues and comments. `request.roots` must name the roots.
   * @throws SextantError `invalid_argument` for an empty or overlong query or a bad glob; the signal's reason when cancelled.
   */
  async search(request: SearchRequest, signal: AbortSignal): Promise<SearchResponse> {
    const started = performance.now();
    const text = checkedQuery(request.query);
    const histories = (request.roots ?? []).map((uri) => this.of(uri));
    for (const { root } of histories) if (this.#phases.get(root) === 'ready') this.#catchUp(root, staleMs.search);
    const embedStarted = performance.now();
    const { embedded, embeddedShare, ...answer } = await this.#embedQuery(histories, text, request.mode, signal);
    const notice = [answer.notice, ...histories.map(({ problem }) => problem)].filter(Boolean).join(' ');
    signal.throwIfAborted();
    const searchStarted = performance.now();
    const offset = request.offset ?? 0;
    const ranked = rankHistory(
      histories,
      {
        text,
        embedded,
        keywords: request.mode !== 'semantic' || embedded === undefined,
        filters: request.filters,
        wanted: offset + request.limit + 1,
      },
      this.#options.classifier.fingerprint,
    );
    const page = await this.#withMoods(ranked.slice(offset, offset + request.limit), signal);
    const scanner = new TermScanner(profileQuery(text).terms);
    const done = performance.now();
    return {
      query: request.query,
      mode: embedded === undefined ? 'keyword' : request.mode,
      tookMs: { embed: searchStarted - embedStarted, search: done - searchStarted, total: done - started },
      results: page.map((item) => historyResult(item, ranked[0]?.score ?? 1, scanner)),
      more: ranked.length > offset + page.length,
      embeddedShare,
      ...(notice === '' ? {} : { notice }),
    };
  }

  /** A commit with its patch. `source` is the repository's path below the root. @throws see `showCommit` */
  showCommit(root: string, source: string, sha: string, signal: AbortSignal): Promise<string> {
    const history = this.of(root);
    const known = history.store.readHistory((reader) => reader.sources());
    if (!known.some(({ kind, name }) => kind === 'git' && name === source)) {
      throw new SextantError('not_found', `There is no repository «${source}» in ${history.folder}.`);
    }
    return showCommit(source === '' ? history.folder : `${history.folder}/${source}`, sha, signal);
  }

  async #embedQuery(
    histories: readonly RootHistory[],
    text: string,
    mode: SearchRequest['mode'],
    signal: AbortSignal,
  ): Promise<{
    embedded: { vector: Float32Array; model: string } | undefined;
    embeddedShare: number;
    notice?: string;
  }> {
    const items = histories.reduce((sum, { store }) => sum + store.readHistory((history) => history.counts().items), 0);
    if (items === 0) {
      const unread = histories.some(({ problem }) => problem !== undefined);
      const notice = unread
        ? 'No commits are indexed.'
        : 'No commits are indexed: the folder has no git history, or it is still being read.';
      return { embedded: undefined, embeddedShare: 1, notice };
    }
    const encoder = mode === 'keyword' ? undefined : await this.#options.access.encoder().catch(() => undefined);
    if (encoder === undefined) {
      const notice = mode === 'keyword' ? {} : { notice: 'Searched by keywords only: no model is loaded.' };
      return { embedded: undefined, embeddedShare: 1, ...notice };
    }
    const { fingerprint } = encoder;
    const ready = histories.reduce(
      (sum, { store }) => sum + store.readHistory((history) => history.embedded(fingerprint)),
      0,
    );
    const embeddedShare = Math.min(1, ready / items);
    if (ready === 0) {
      return { embedded: undefined, embeddedShare, notice: 'Searched by keywords only: no commit is embedded yet.' };
    }
    try {
      const { embeddings } = await encoder.embed([text], 'query', { signal });
      return { embedded: { vector: embeddings[0]!, model: fingerprint }, embeddedShare };
    } catch (error) {
      signal.throwIfAborted();
      const reason = error instanceof Error ? error.message : String(error);
      return { embedded: undefined, embeddedShare, notice: `Searched by keywords only: the model failed (${reason}).` };
    }
  }

  /** Classifies what of a page is not classified yet; a page is a few dozen short texts. */
  async #withMoods(page: readonly RankedItem[], signal: AbortSignal): Promise<readonly RankedItem[]> {
    if (page.every(({ item }) => item.mood !== undefined)) return page;
    const classifier = await this.#options.classifier.open().catch(() => undefined);
    if (classifier === undefined) return page;
    const result: RankedItem[] = [];
    for (const [root, ranked] of Map.groupBy(page, (entry) => entry.root)) {
      const { store } = this.of(root);
      const ids = ranked.map(({ item }) => item.id);
      const missing = ranked.filter(({ item }) => item.mood === undefined).map(({ item }) => item.id);
      const texts = store.readHistory((history) => history.texts(missing));
      const moods = await moodsOf(classifier, texts, signal).catch(() => []);
      signal.throwIfAborted();
      if (store.acquire()) store.writeHistory((history) => history.storeMoods(classifier.fingerprint, moods));
      const items = new Map(
        store.readHistory((history) => history.items(ids, classifier.fingerprint)).map((item) => [item.id, item]),
      );
      result.push(...ranked.map((entry) => ({ ...entry, item: items.get(entry.item.id) ?? entry.item })));
    }
    return result.sort((a, b) => b.score - a.score);
  }

  /** In the background, unless done within `restMs`; what goes wrong is logged by the history itself. */
  #catchUp(uri: string, restMs: number): void {
    if (this.#catchingUp.has(uri)) return;
    this.#catchingUp.add(uri);
    const { signal } = this.#stop;
    const work = async (): Promise<void> => {
      const history = this.of(uri);
      if (history.age <= restMs) return;
      await history.read(signal);
      const mayGoOn = (): boolean => this.#phases.get(uri) === 'ready';
      if (mayGoOn()) await history.embed(await this.#options.access.encoder(), signal, mayGoOn);
    };
    const ended = (): void => void this.#catchingUp.delete(uri);
    work().then(ended, ended);
  }
}
