import type { Location } from '../../../shared/search.ts';
import type { Effect } from './event.ts';
import { currentPage, emptySearchPage, inputOf, type PanelState, type Pending } from './state.ts';

export type Step = readonly [PanelState, readonly Effect[]];

/** Queries shorter than this are not searched while typing; Enter searches them all the same. */
export const minimumLength = 2;

/** Gives up the request in flight, telling the host so that it stops working on it. */
export function abandon(state: PanelState): Step {
  const { pending } = state;
  if (pending === null) return [state, []];
  return [{ ...state, pending: null }, [{ type: 'post', message: { type: 'cancel', id: pending.id } }]];
}

function start(state: PanelState, pending: Omit<Pending, 'id'>): [PanelState, Effect[], number] {
  const [idle, effects] = abandon(state);
  const id = state.nextId;
  const running = { ...idle, nextId: id + 1, debouncing: false, resuming: false, pending: { ...pending, id } };
  return [running, [...effects], id];
}

/**
 * Searches for what the box, the mode and the filters say, on the search page. Lists that lie above it are left,
 * except by a refresh of the search itself.
 */
export function runSearch(state: PanelState, options: { keepView?: boolean; jump?: boolean } = {}): Step {
  const { keepView = false, jump = false } = options;
  const onSearchPage: PanelState = { ...state, pages: [state.pages[0]] };
  if (state.query.trim() === '') {
    const [idle, effects] = abandon(onSearchPage);
    return [
      { ...idle, debouncing: false, resuming: false, pages: [emptySearchPage] },
      [...effects, { type: 'stopDebounce' }],
    ];
  }
  const input = inputOf(state);
  const [next, effects, id] = start(onSearchPage, { kind: 'search', input, origin: null, keepView, jump });
  const message = { type: 'search', id, ...input, limit: state.pageSize, offset: 0 } as const;
  return [next, [...effects, { type: 'stopDebounce' }, { type: 'post', message }]];
}

/** Fetches the results past the last one. */
export function runMore(state: PanelState): Step {
  const page = currentPage(state);
  if (page.kind !== 'search' || page.answer === null || !page.answer.more || state.pending !== null) return [state, []];
  const { input, results } = page.answer;
  const [next, effects, id] = start(state, { kind: 'more', input, origin: null, keepView: true, jump: false });
  const message = { type: 'search', id, ...input, limit: state.pageSize, offset: results.length } as const;
  return [next, [...effects, { type: 'post', message }]];
}

/** Asks what is similar to `origin`, with the filters in force; what is shown stays until the answer is here. */
export function runSimilar(state: PanelState, { root, path, startLine, endLine }: Location): Step {
  const location: Location = { root, path, startLine, endLine };
  const input = { ...inputOf(state), query: '' };
  const [next, effects, id] = start(state, { kind: 'similar', input, origin: location, keepView: false, jump: true });
  const message = { type: 'similar', id, location, filters: state.filters } as const;
  return [next, [...effects, { type: 'stopDebounce' }, { type: 'post', message }]];
}

export function sameLocation(a: Location, b: Location): boolean {
  return a.root === b.root && a.path === b.path && a.startLine === b.startLine && a.endLine === b.endLine;
}

/** Runs whatever the top page shows once more, with the mode and filters in force. */
export function rerun(state: PanelState, options: { keepView?: boolean } = {}): Step {
  const page = currentPage(state);
  if (page.kind === 'similar') return runSimilar(state, page.origin);
  if (page.kind === 'duplicates') return [state, []];
  return runSearch(state, options);
}

/** Adds a query to the kept history, unless it is the newest there already. */
export function remember(state: PanelState): Effect[] {
  const query = state.query.trim();
  if (query === '' || state.history.queries[0] === query) return [];
  return [{ type: 'post', message: { type: 'remember', query } }];
}
