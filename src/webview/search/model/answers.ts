import type { SerializedError } from '../../../shared/errors.ts';
import type { HostToPanel } from '../../../shared/panelProtocol.ts';
import type { SearchResponse } from '../../../shared/search.ts';
import { text } from '../text.ts';
import type { Effect } from './event.ts';
import { sameLocation, type Step } from './requests.ts';
import { appendResults, visibleRows } from './rows.ts';
import {
  currentPage,
  emptyView,
  withPage,
  withView,
  type Answer,
  type ListView,
  type PanelState,
  type Pending,
  type SearchInput,
  type SearchPage,
  type SimilarPage,
} from './state.ts';

type Message<T extends HostToPanel['type']> = Extract<HostToPanel, { type: T }>;

function answerOf(input: SearchInput, response: SearchResponse): Answer {
  const { mode, tookMs, embeddedShare, more, results, notice = null } = response;
  return { input, mode, tookMs: tookMs.total, embeddedShare, notice, more, results };
}

function viewAfter(page: SearchPage, pending: Pending): ListView {
  if (!pending.keepView) return emptyView;
  const stillThere = visibleRows(page).some((row) => row.key === page.view.active);
  return stillThere ? page.view : { ...page.view, active: null };
}

/** Selects the first result (not its file), for a list that takes the focus. */
export function selectFirst(state: PanelState): PanelState {
  const rows = visibleRows(currentPage(state));
  const row = rows.find(({ level }) => level === 2) ?? rows[0];
  return row === undefined ? state : withView(state, { active: row.key });
}

/** Puts a similar page on top, in place of one of the same origin. */
function withSimilar(state: PanelState, page: SimilarPage): PanelState {
  const top = currentPage(state);
  if (top.kind === 'similar' && sameLocation(top.origin, page.origin)) return withPage(state, page);
  return { ...state, pages: [...state.pages, page] };
}

function arrived(state: PanelState, answer: Answer, jump: boolean): Step {
  const announce: Effect = { type: 'announce', text: text.resultCount(answer.results, answer.more) };
  if (!jump || answer.results.length === 0) return [state, [announce]];
  return [selectFirst(state), [{ type: 'focus', target: 'list' }, announce]];
}

function onMore(state: PanelState, response: SearchResponse): Step {
  const page = currentPage(state);
  if (page.kind !== 'search' || page.answer === null) return [state, []];
  const before = page.answer;
  const results = appendResults(before.results, response.results);
  const added = results.length - before.results.length;
  // An answer that brings nothing new must end the paging, or it would be asked for again at once.
  const answer = { ...before, results, more: response.more && added > 0 };
  return [withPage(state, { ...page, answer }), [{ type: 'announce', text: text.moreResults(added) }]];
}

/** The answer to the request in flight; any other is stale. */
export function onResults(state: PanelState, { id, response }: Message<'results'>): Step {
  const { pending } = state;
  if (pending?.id !== id) return [state, []];
  const idle = { ...state, pending: null };
  if (pending.kind === 'more') return onMore(idle, response);
  const answer = answerOf(pending.input, response);
  if (pending.origin !== null) {
    const page: SimilarPage = { kind: 'similar', origin: pending.origin, answer, error: null, view: emptyView };
    return arrived(withSimilar(idle, page), answer, pending.jump);
  }
  const page = currentPage(idle);
  if (page.kind !== 'search') return [idle, []];
  const answered: SearchPage = { ...page, error: null, answer };
  return arrived(withPage(idle, { ...answered, view: viewAfter(answered, pending) }), answer, pending.jump);
}

function withFailure(state: PanelState, { kind, origin }: Pending, error: SerializedError): PanelState {
  if (origin !== null) return withSimilar(state, { kind: 'similar', origin, answer: null, error, view: emptyView });
  const page = currentPage(state);
  if (page.kind !== 'search') return state;
  // The results so far are still right; only the paging ends.
  if (kind === 'more' && page.answer !== null) {
    return withPage(state, { ...page, answer: { ...page.answer, more: false } });
  }
  return withPage(state, { ...page, error });
}

/** The request in flight has failed or was cancelled. */
export function onFailed(state: PanelState, { id, error }: Message<'failed'>): Step {
  const { pending } = state;
  // A negative id answers a message that the host could not read: it can only be the one in flight.
  if (pending === null || (id !== pending.id && id >= 0)) return [state, []];
  const idle = { ...state, pending: null };
  if (error.code === 'cancelled') return [idle, []];
  const spoken = error.hint === undefined ? error.message : `${error.message} ${error.hint}`;
  return [withFailure(idle, pending, error), [{ type: 'announce', text: spoken }]];
}

/** Similar code that was asked for from an editor. */
export function onShowSimilar(state: PanelState, { location, response }: Message<'showSimilar'>): Step {
  const answer = answerOf({ query: '', mode: state.mode, filters: state.filters }, response);
  const page: SimilarPage = { kind: 'similar', origin: location, answer, error: null, view: emptyView };
  return arrived({ ...withSimilar(state, page), pending: null, debouncing: false }, answer, true);
}

export function onShowDuplicates(state: PanelState, { groups }: Message<'showDuplicates'>): Step {
  const [bottom, ...above] = state.pages;
  const rest = above.filter((page) => page.kind !== 'duplicates');
  const next: PanelState = {
    ...state,
    pending: null,
    debouncing: false,
    pages: [bottom, ...rest, { kind: 'duplicates', groups, view: emptyView }],
  };
  const announce: Effect = { type: 'announce', text: text.duplicateCount(groups.length) };
  return [selectFirst(next), [{ type: 'focus', target: 'list' }, announce]];
}
