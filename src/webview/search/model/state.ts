import type { SerializedError } from '../../../shared/errors.ts';
import type { PanelBlocker, PanelFacets } from '../../../shared/panelProtocol.ts';
import type { DuplicateGroup, Location, SearchFilters, SearchMode, SearchResult } from '../../../shared/search.ts';
import type { EngineStatus } from '../../../shared/status.ts';
import { emptyHistory, type History } from './history.ts';

/** What the user asked for; two equal inputs have equal answers as long as the index is unchanged. */
export interface SearchInput {
  readonly query: string;
  readonly mode: SearchMode;
  readonly filters: SearchFilters;
}

export interface Answer {
  readonly input: SearchInput;
  /** The mode that was really used. */
  readonly mode: SearchMode;
  readonly tookMs: number;
  readonly embeddedShare: number;
  readonly notice: string | null;
  readonly more: boolean;
  readonly results: readonly SearchResult[];
}

/** What the user did to a list; row keys are those of `rows.ts`. */
export interface ListView {
  readonly active: string | null;
  readonly collapsed: readonly string[];
  /** Results whose "why" is open. */
  readonly explained: readonly string[];
  /** Pixels from the top. */
  readonly scroll: number;
}

export interface SearchPage {
  readonly kind: 'search';
  readonly answer: Answer | null;
  readonly error: SerializedError | null;
  readonly view: ListView;
}
export interface SimilarPage {
  readonly kind: 'similar';
  readonly origin: Location;
  readonly answer: Answer | null;
  readonly error: SerializedError | null;
  readonly view: ListView;
}
export interface DuplicatesPage {
  readonly kind: 'duplicates';
  readonly groups: readonly DuplicateGroup[];
  readonly view: ListView;
}
export type Page = SearchPage | SimilarPage | DuplicatesPage;

/** The one request in flight; an answer with another id is stale and dropped. */
export interface Pending {
  readonly id: number;
  readonly kind: 'search' | 'more' | 'similar';
  readonly input: SearchInput;
  readonly origin: Location | null;
  /** A refresh of the same list: selection and scroll position stay. */
  readonly keepView: boolean;
  /** Enter was pressed: select the first result and take the focus to it once the answer is here. */
  readonly jump: boolean;
}

export interface HostState {
  /** False until the first status arrives. */
  readonly connected: boolean;
  readonly status: EngineStatus | null;
  readonly blocker: PanelBlocker | null;
  readonly restricted: boolean;
  readonly error: SerializedError | null;
}

export interface PanelState {
  readonly query: string;
  readonly mode: SearchMode;
  /** True once the user picked a mode here; until then the setting decides. */
  readonly modeChosen: boolean;
  readonly filters: SearchFilters;
  /** A stack: the search at the bottom, what was opened from it above; the last one shows. */
  readonly pages: readonly [SearchPage, ...Page[]];
  readonly pending: Pending | null;
  /** The typed query has not been sent yet. */
  readonly debouncing: boolean;
  /** A restored query whose answer was not kept: it is asked again as soon as the engine is there. */
  readonly resuming: boolean;
  readonly nextId: number;
  readonly history: History;
  readonly host: HostState;
  readonly facets: PanelFacets;
  readonly multiRoot: boolean;
  /** Results per request. */
  readonly pageSize: number;
}

export const emptyView: ListView = { active: null, collapsed: [], explained: [], scroll: 0 };

export const emptySearchPage: SearchPage = { kind: 'search', answer: null, error: null, view: emptyView };

export const initialState: PanelState = {
  query: '',
  mode: 'hybrid',
  modeChosen: false,
  filters: {},
  pages: [emptySearchPage],
  pending: null,
  debouncing: false,
  resuming: false,
  nextId: 1,
  history: emptyHistory,
  host: { connected: false, status: null, blocker: null, restricted: false, error: null },
  facets: { languages: [], kinds: [] },
  multiRoot: false,
  pageSize: 30,
};

/** The page on top. */
export function currentPage(state: PanelState): Page {
  return state.pages.at(-1) ?? state.pages[0];
}

/** `state` with its top page replaced. */
export function withPage(state: PanelState, page: Page): PanelState {
  const below = state.pages.slice(0, -1);
  const [bottom, ...rest] = below;
  if (bottom?.kind === 'search') return { ...state, pages: [bottom, ...rest, page] };
  return { ...state, pages: [page.kind === 'search' ? page : state.pages[0]] };
}

/** `state` with the view of its top page changed. */
export function withView(state: PanelState, change: Partial<ListView>): PanelState {
  const page = currentPage(state);
  return withPage(state, { ...page, view: { ...page.view, ...change } });
}

export function inputOf(state: PanelState): SearchInput {
  return { query: state.query, mode: state.mode, filters: state.filters };
}
