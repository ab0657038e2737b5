import * as z from 'zod/mini';
import { isCancellation, SextantError } from '../../shared/errors.ts';
import type { Forge, IssueSync } from '../../shared/mood.ts';
import type { HistoryStore } from '../history/historyStore.ts';
import type { HistorySource, NewHistoryItem } from '../store/history/historyTypes.ts';
import { ForgeHttp } from './forgeHttp.ts';
import { githubApi, githubHeaders, githubStreams } from './github.ts';
import { gitlabApi, gitlabHeaders, gitlabStreams } from './gitlab.ts';
import { isGone, listedKeys } from './listedKeys.ts';

interface Parsed {
  readonly item: NewHistoryItem;
  /** ISO 8601. */
  readonly updated: string;
}

/** One list of a forge, sorted by the time of the last change. */
export interface ForgeStream {
  readonly name: string;
  readonly pageSize: number;
  /** Address of the first page of what changed since. */
  readonly path: (since: string | undefined) => string;
  readonly parse: (value: unknown) => Parsed;
  /** A list that hangs on every item, where the forge has none over all of them. */
  readonly children?: {
    readonly path: (item: NewHistoryItem) => string;
    readonly parse: (item: NewHistoryItem, value: unknown) => Parsed | undefined;
  };
}

const streamStateSchema = z.object({
  /** Everything up to this time is in the store. */
  since: z.optional(z.string()),
  /** Of the answer that held nothing newer: asked again with it, an unchanged list costs no request of the limit. */
  etag: z.optional(z.string()),
});
const stateSchema = z.object({
  streams: z.record(z.string(), streamStateSchema),
  /** Unix milliseconds of the last look for what was deleted, whether or not it came to its end. */
  looked: z.optional(z.number()),
});
type StreamState = z.infer<typeof streamStateSchema>;

/** Lists of changes do not tell what was deleted: all of a project is listed again after this long. */
const lookForDeletedMs = 30 * 24 * 60 * 60 * 1000;

export interface SyncIssuesOptions {
  readonly signal: AbortSignal;
  /** See {@link ForgeHttp}. */
  readonly patienceMs?: number;
  /** Look for what was deleted on the forge, however short ago that was done. */
  readonly full?: boolean;
  readonly onProgress?: (items: number) => void;
}

/** `github.com/owner/name`: the name of the source in the store. */
export function sourceNameOf({ host, project }: Pick<Forge, 'host' | 'project'>): string {
  return `${new URL(host).host}/${project}`;
}

const forges = {
  github: { api: githubApi, headers: githubHeaders, streams: githubStreams },
  gitlab: { api: gitlabApi, headers: gitlabHeaders, streams: gitlabStreams },
} as const;

/**
 * Fetches what changed on the forge since the last time. Each page is stored with the place it ends at, so whatever stops a sync
 * (the rate limit, the network, the user) loses at most one page.
 *
 * @throws SextantError `forge_offline`, `forge_denied`, `forge_failed`, `not_found`, and `forge_rate_limited` where nothing at all
 * could be fetched; the signal's reason when cancelled. A look for what was deleted that a limit ends removes nothing.
 */
export async function syncIssues(store: HistoryStore, forge: Forge, options: SyncIssuesOptions): Promise<IssueSync> {
  const { api, headers, streams } = forges[forge.kind];
  const http = new ForgeHttp({
    ...options,
    api: api(forge.host),
    headers: headers(forge.token),
    network: forge.network,
  });
  const sync = new IssueSyncRun(store, http, sourceNameOf(forge), options);
  try {
    const lists = streams(forge);
    for (const stream of lists) await sync.read(stream);
    await sync.removeDeleted(lists);
    return sync.counts;
  } catch (error) {
    if (error instanceof SextantError && error.code === 'forge_rate_limited' && (sync.total > 0 || sync.upToDate)) {
      return { ...sync.counts, notice: `${error.message} ${error.hint ?? ''}`.trim() };
    }
    throw error instanceof SextantError || isCancellation(error) ? error : unreadable(error, options.signal);
  } finally {
    await http.close();
  }
}

function unreadable(error: unknown, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  if (!(error instanceof z.core.$ZodError)) return error;
  return new SextantError('forge_failed', 'The forge answered in a form that is not known.', { cause: error });
}

class IssueSyncRun {
  readonly #store: HistoryStore;
  readonly #http: ForgeHttp;
  readonly #options: SyncIssuesOptions;
  readonly #source: HistorySource;
  readonly #state: z.infer<typeof stateSchema>;
  #issues = 0;
  #comments = 0;
  #removed = 0;
  #upToDate = false;

  constructor(store: HistoryStore, http: ForgeHttp, name: string, options: SyncIssuesOptions) {
    this.#store = store;
    this.#http = http;
    this.#options = options;
    this.#source = store.writeHistory((history) => history.source('forge', name));
    const parsed = stateSchema.safeParse(JSON.parse(this.#source.state));
    this.#state = parsed.success ? parsed.data : { streams: {} };
  }

  get counts(): IssueSync {
    const counts = { issues: this.#issues, comments: this.#comments };
    return this.#removed === 0 ? counts : { ...counts, removed: this.#removed };
  }

  /** Whether everything that is new is in the store. */
  get upToDate(): boolean {
    return this.#upToDate;
  }

  get total(): number {
    return this.#issues + this.#comments;
  }

  async read(stream: ForgeStream): Promise<void> {
    let { since, etag } = this.#state.streams[stream.name] ?? {};
    let path = stream.path(since);
    for (;;) {
      const answer = await this.#http.get(path, etag);
      if (answer.unchanged) return;
      const parsed = z.array(z.unknown()).parse(answer.body).map(stream.parse);
      const children = await this.#children(
        stream,
        parsed.map(({ item }) => item),
      );
      const last = parsed.at(-1)?.updated;
      const full = parsed.length >= stream.pageSize;
      // A full page moves the place where the next one begins; many changes within one second need the forge's own next page.
      const stuck = full && last === since;
      const state: StreamState = full ? { since: last } : { since, etag: answer.etag };
      this.#put(stream.name, state, [...parsed.map(({ item }) => item), ...children]);
      if (!full || (stuck && answer.next === undefined)) return;
      since = last;
      etag = undefined;
      path = stuck ? answer.next! : stream.path(since);
    }
  }

  /** After everything that is new is stored, so that a limit reached here costs nothing of it. */
  async removeDeleted(streams: readonly ForgeStream[]): Promise<void> {
    this.#upToDate = true;
    const now = Date.now();
    const { looked } = this.#state;
    const due = this.#options.full === true || (looked !== undefined && now - looked >= lookForDeletedMs);
    if (due || looked === undefined) this.#state.looked = now;
    this.#store.writeHistory((history) => history.setState(this.#source.id, JSON.stringify(this.#state)));
    if (!due) return;
    const listed = await listedKeys(this.#http, streams);
    this.#store.writeHistory((history) => {
      const gone = history.keysOf(this.#source.id).filter((key) => isGone(key, listed, streams));
      this.#removed = history.remove(this.#source.id, gone);
    });
  }

  async #children(stream: ForgeStream, items: readonly NewHistoryItem[]): Promise<NewHistoryItem[]> {
    const { children } = stream;
    if (children === undefined) return [];
    const found: NewHistoryItem[] = [];
    for (const item of items) {
      for (let path: string | undefined = children.path(item); path !== undefined;) {
        const answer = await this.#http.get(path);
        const parsed = z
          .array(z.unknown())
          .parse(answer.body)
          .map((value) => children.parse(item, value));
        found.push(...parsed.flatMap((child) => (child === undefined ? [] : [child.item])));
        path = answer.next;
      }
    }
    return found;
  }

  #put(stream: string, state: StreamState, items: readonly NewHistoryItem[]): void {
    this.#state.streams[stream] = state;
    this.#store.writeHistory((history) => {
      history.put(this.#source.id, items);
      history.setState(this.#source.id, JSON.stringify(this.#state));
    });
    const comments = items.filter(({ kind }) => kind === 'comment').length;
    this.#comments += comments;
    this.#issues += items.length - comments;
    this.#options.onProgress?.(this.total);
  }
}
