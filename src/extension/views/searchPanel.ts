import { isCancellation, serializeError } from '../../shared/errors.ts';
import {
  panelToHostSchema,
  unknownRequestId,
  type HostToPanel,
  type PanelBlocker,
  type PanelFacets,
  type PanelToHost,
} from '../../shared/panelProtocol.ts';
import type { DuplicateGroup, Location, SearchMode, SearchResponse } from '../../shared/search.ts';
import type { SerializedError } from '../../shared/errors.ts';
import type { HistoryPlace } from '../../shared/history.ts';
import type { EngineStatus } from '../../shared/status.ts';
import type { EngineClient } from '../engine/engineClient.ts';
import { checkMessage } from './checkMessage.ts';
import type { SearchHistory } from './searchHistory.ts';

type Message<T extends PanelToHost['type']> = Extract<PanelToHost, { type: T }>;
export type OpenHow = Message<'open'>['how'];
export type PanelCommand = Message<'command'>['command'];

export interface PanelStatus {
  readonly status: EngineStatus | null;
  readonly blocker: PanelBlocker | null;
  readonly restricted: boolean;
  readonly error?: SerializedError;
}

export interface PanelSettings {
  readonly mode: SearchMode;
  readonly multiRoot: boolean;
  readonly facets: PanelFacets;
  readonly maxResults: number;
}

/** What the panel may ask of the world around it. */
export interface PanelHost {
  readonly request: EngineClient['request'];
  status(): PanelStatus;
  settings(): PanelSettings;
  /** Rejects when the place cannot be shown. */
  open(location: Location, how: OpenHow, item?: HistoryPlace): Promise<void>;
  copy(text: string): Promise<void>;
  run(command: PanelCommand): Promise<void>;
  reportError(error: unknown): void;
}

/**
 * The host's half of the search panel, free of VS Code: validates what the webview sends, answers each request once,
 * drops answers that a newer request made stale, and keeps messages back until the webview can hear them.
 */
export class SearchPanel {
  readonly #host: PanelHost;
  readonly #history: SearchHistory;
  #post: ((message: HostToPanel) => void) | undefined;
  #ready = false;
  #waiting: HostToPanel[] = [];
  #sentFacets = '';
  #current: { readonly id: number; readonly abort: AbortController } | undefined;

  constructor(host: PanelHost, history: SearchHistory) {
    this.#host = host;
    this.#history = history;
  }

  /** A webview exists now; it is written to once it has said `ready`. */
  attach(post: (message: HostToPanel) => void): void {
    this.#post = post;
    this.#ready = false;
  }

  /** The webview was hidden or closed: its script is gone and nobody waits for answers. */
  detach(): void {
    this.#ready = false;
    this.#cancelCurrent();
  }

  /** Fills the box and searches, now or as soon as the panel is there. */
  search(query: string, mode?: SearchMode): void {
    this.#deliver({ type: 'run', query, ...(mode === undefined ? {} : { mode }) });
  }

  showSimilar(location: Location, response: SearchResponse): void {
    this.#deliver({ type: 'showSimilar', location, response });
  }

  showDuplicates(groups: readonly DuplicateGroup[]): void {
    this.#deliver({ type: 'showDuplicates', groups });
  }

  focus(): void {
    this.#deliver({ type: 'focus' });
  }

  /** Tells the state of engine and workspace, and the filters it offers where they changed with it. */
  pushStatus(): void {
    if (!this.#ready) return;
    this.#send({ type: 'status', ...this.#host.status() });
    if (JSON.stringify(this.#host.settings().facets) !== this.#sentFacets) this.pushSettings();
  }

  pushSettings(): void {
    if (!this.#ready) return;
    const { mode, multiRoot, facets, maxResults } = this.#host.settings();
    this.#sentFacets = JSON.stringify(facets);
    this.#send({ type: 'settings', mode, multiRoot, facets, maxResults });
  }

  /** Handles one message of the webview; never rejects. */
  async receive(raw: unknown): Promise<void> {
    let message: PanelToHost;
    try {
      message = checkMessage(panelToHostSchema, raw);
    } catch (error) {
      this.#send({ type: 'failed', id: idOf(raw), error: serializeError(error) });
      return;
    }
    try {
      await this.#handle(message);
    } catch (error) {
      if (!isCancellation(error)) this.#host.reportError(error);
    }
  }

  async #handle(message: PanelToHost): Promise<void> {
    switch (message.type) {
      case 'ready':
        this.#onReady();
        return;
      case 'search':
        return this.#answer(message.id, message.offset > 0, (signal) => this.#runSearch(message, signal));
      case 'similar':
        return this.#answer(message.id, false, (signal) => {
          const { location, filters } = message;
          return this.#host.request('similar', { location, filters, limit: this.#host.settings().maxResults }, signal);
        });
      case 'cancel':
        this.#cancel(message.id);
        return;
      case 'open':
        return this.#host.open(message.location, message.how, message.item);
      case 'copy':
        return this.#host.copy(
          message.what === 'text' ? message.text : `${message.location.path}:${message.location.startLine}`,
        );
      case 'remember':
        await this.#history.remember(message.query);
        this.#pushHistory();
        return;
      case 'clearHistory':
        await this.#history.clear();
        this.#pushHistory();
        return;
      case 'command':
        return this.#host.run(message.command);
    }
  }

  #onReady(): void {
    this.#ready = true;
    this.pushSettings();
    this.pushStatus();
    this.#pushHistory();
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const message of waiting) this.#send(message);
  }

  #runSearch(message: Message<'search'>, signal: AbortSignal): Promise<SearchResponse> {
    const { query, mode, filters, limit, offset } = message;
    return this.#host.request('search', { query, mode, filters, limit, offset }, signal);
  }

  /** Runs one request of the panel; a newer one aborts it, and then it is not answered any more. */
  async #answer(id: number, append: boolean, ask: (signal: AbortSignal) => Promise<SearchResponse>): Promise<void> {
    this.#cancelCurrent();
    const abort = new AbortController();
    this.#current = { id, abort };
    const answer = await ask(abort.signal).then(
      (response): HostToPanel => ({ type: 'results', id, response, append }),
      (error: unknown): HostToPanel => ({ type: 'failed', id, error: serializeError(error) }),
    );
    if (!this.#isCurrent(abort)) return;
    this.#current = undefined;
    this.#send(answer);
  }

  #isCurrent(abort: AbortController): boolean {
    return this.#current?.abort === abort;
  }

  #cancel(id: number): void {
    if (this.#current?.id !== id) return;
    this.#cancelCurrent();
    this.#send({ type: 'failed', id, error: { code: 'cancelled', message: 'Cancelled.' } });
  }

  #cancelCurrent(): void {
    this.#current?.abort.abort();
    this.#current = undefined;
  }

  #pushHistory(): void {
    this.#send({ type: 'history', queries: this.#history.queries });
  }

  #deliver(message: HostToPanel): void {
    if (this.#ready) this.#send(message);
    // Only the last wish of each kind matters to a panel that opens now.
    else this.#waiting = [...this.#waiting.filter((other) => other.type !== message.type), message];
  }

  #send(message: HostToPanel): void {
    this.#post?.(message);
  }
}

function idOf(raw: unknown): number {
  const known = typeof raw === 'object' && raw !== null && 'id' in raw && Number.isSafeInteger(raw.id);
  return known ? (raw.id as number) : unknownRequestId;
}
