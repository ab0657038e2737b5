import type { HistoryStatus } from '../../shared/history.ts';
import type { LogLine } from '../../shared/protocol.ts';
import type { SearchRequest, SearchResponse, SearchScope } from '../../shared/search.ts';
import { ClassifierHost } from '../sentiment/classifierHost.ts';
import { Corrections } from '../sentiment/corrections.ts';
import { MoodService } from '../sentiment/moodService.ts';
import { HistoryService, type HistoryAccess } from './historyService.ts';

export interface ProjectHistoryOptions {
  readonly access: HistoryAccess;
  /** URIs of the open roots. */
  readonly roots: () => readonly string[];
  readonly onStatus: (status: HistoryStatus) => void;
  readonly onLog: (line: LogLine) => void;
}

type Search = (request: SearchRequest, signal: AbortSignal) => Promise<SearchResponse>;

/** What is said about the code, all of it: commits and issues, the search over them, and their mood. */
export class ProjectHistory {
  readonly service: HistoryService;
  readonly mood: MoodService;
  readonly #roots: () => readonly string[];
  readonly #classifier: ClassifierHost;

  constructor({ access, roots, onStatus, onLog }: ProjectHistoryOptions) {
    this.#roots = roots;
    this.#classifier = new ClassifierHost(() => access.settings());
    this.service = new HistoryService({ access, classifier: this.#classifier, onStatus, onLog });
    this.mood = new MoodService({
      history: this.service,
      classifier: this.#classifier,
      corrections: new Corrections(access.storageDir),
      roots,
    });
  }

  /** Answers from the history, from code, or from both, as the scopes of the request say; code alone when they say nothing. */
  async search(request: SearchRequest, searchCode: Search, signal: AbortSignal): Promise<SearchResponse> {
    const scopes = request.filters.scopes ?? [];
    if (!scopes.includes('commits')) return searchCode(request, signal);
    const inHistory = { ...request, roots: [...(request.roots ?? this.#roots())] };
    const others = scopes.filter((scope): scope is Exclude<SearchScope, 'commits'> => scope !== 'commits');
    if (others.length === 0) return this.service.search(inHistory, signal);
    // Both lists whole, so that a page of the mixture can be cut from them.
    const all = { offset: 0, limit: (request.offset ?? 0) + request.limit };
    const [code, history] = await Promise.all([
      searchCode({ ...request, ...all, filters: { ...request.filters, scopes: others } }, signal),
      this.service.search({ ...inHistory, ...all }, signal),
    ]);
    return mixed(code, history, request);
  }

  async dispose(): Promise<void> {
    await this.service.dispose();
    await this.#classifier.dispose();
  }
}

/** Results of two answers by turns: their scores are of different kinds and cannot be compared. */
function mixed(code: SearchResponse, history: SearchResponse, { offset = 0, limit }: SearchRequest): SearchResponse {
  const longest = Math.max(code.results.length, history.results.length);
  const results = Array.from({ length: longest }, (_, rank) => [code.results[rank], history.results[rank]])
    .flat()
    .filter((result) => result !== undefined);
  const notice = code.notice ?? history.notice;
  const { embed, search, total } = code.tookMs;
  return {
    query: code.query,
    mode: code.mode,
    tookMs: { embed, search: search + history.tookMs.search, total: Math.max(total, history.tookMs.total) },
    results: results.slice(offset, offset + limit),
    more: code.more || history.more || results.length > offset + limit,
    embeddedShare: Math.min(code.embeddedShare, history.embeddedShare),
    ...(notice === undefined ? {} : { notice }),
  };
}
