import type { SerializedError } from '../../../shared/errors.ts';
import type { HostToPanel } from '../../../shared/panelProtocol.ts';
import type { SearchResponse } from '../../../shared/search.ts';
import { text } from '../text.ts';
import type { Effect } from './event.ts';
import { restart, withQueries } from './history.ts';
import { isGrowing, progressOf } from './progress.ts';
import { rerun, runSearch, sameLocation, type Step } from './requests.ts';
import { appendResults, visibleRows } from './rows.ts';
import {
  currentPage,
  emptyView,
  withPage,
  withView,
  type Answer,
  type ListView,
  type Page,
  type PanelState,
  type Pending,
  type SearchInput,
} from './state.ts';

type Message<T extends HostToPanel['type']> = Extract<HostToPanel, { type: T }>;

function answerOf(input: SearchInput, response: SearchResponse): Answer {
  const { mode, tookMs, embeddedShare, more, results, notice = null } = response;
  return { input, mode, tookMs: tookMs.total, embeddedShare, notice, more, results };
}

function viewAfter(page: Page, pending: Pending): ListView {
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

function onResults(state: PanelState, { id, response }: Message<'results'>): Step {
  const { pending } = state;
  const page = currentPage(state);
  if (pending?.id !== id || page.kind === 'duplicates') return [state, []];
  const idle = { ...state, pending: null };
  if (pending.kind === 'more') {
    const before = page.answer;
    if (before === null) return [idle, []];
    const results = appendResults(before.results, response.results);
    // An answer that brings nothing new must end the paging, or it would be asked for again at once.
    const more = response.more && results.length > before.results.length;
    const added = results.length - before.results.length;
    const next = withPage(idle, { ...page, answer: { ...before, results, more } });
    return [next, [{ type: 'announce', text: text.moreResults(added) }]];
  }
  const answered: Page = { ...page, error: null, answer: answerOf(pending.input, response) };
  return arrived(withPage(idle, { ...answered, view: viewAfter(answered, pending) }), pending.jump);
}

function arrived(state: PanelState, jump: boolean): Step {
  const page = currentPage(state);
  const results = page.kind === 'duplicates' ? [] : (page.answer?.results ?? []);
  const announce: Effect = {
    type: 'announce',
    text: text.resultCount(results, page.kind !== 'duplicates' && (page.answer?.more ?? false)),
  };
  if (!jump || results.length === 0) return [state, [announce]];
  return [selectFirst(state), [{ type: 'focus', target: 'list' }, announce]];
}

function onFailed(state: PanelState, { id, error }: Message<'failed'>): Step {
  const { pending } = state;
  // A negative id answers a message that the host could not read: it can only be the one in flight.
  if (pending === null || (id !== pending.id && id >= 0)) return [state, []];
  const idle = { ...state, pending: null };
  const page = currentPage(idle);
  if (error.code === 'cancelled' || page.kind === 'duplicates') return [idle, []];
  return [withPage(idle, { ...page, error }), [{ type: 'announce', text: describe(error) }]];
}

function describe({ message, hint }: SerializedError): string {
  return hint === undefined ? message : `${message} ${hint}`;
}

/** A list nobody has touched may be replaced by a better one under the user's eyes. */
function isUntouched(state: PanelState): boolean {
  const page = currentPage(state);
  if (page.kind !== 'search') return false;
  return page.view.active === null && page.view.scroll === 0 && page.view.explained.length === 0;
}

function onStatus(state: PanelState, message: Message<'status'>): Step {
  const { status, blocker, restricted = false, error = null } = message;
  const next: PanelState = { ...state, host: { connected: true, status, blocker, restricted, error } };
  const announce: Effect[] =
    blocker !== null && blocker !== state.host.blocker
      ? [{ type: 'announce', text: text.blockers[blocker].title }]
      : [];
  const page = currentPage(next);
  if (blocker !== null || next.query.trim() === '' || page.kind !== 'search' || next.pending !== null) {
    return [next, announce];
  }
  const unanswered = page.answer === null && page.error === null && !next.debouncing;
  const recovered = page.error?.code === 'engine_unavailable' && state.host.blocker !== null;
  const finished = isGrowing(progressOf(state.host.status)) && !isGrowing(progressOf(status));
  if (unanswered || recovered || (finished && isUntouched(next))) return runSearch(next, { keepView: true });
  return [next, announce];
}

function onShowSimilar(state: PanelState, { location, response }: Message<'showSimilar'>): Step {
  const input: SearchInput = { query: '', mode: state.mode, filters: state.filters };
  const page: Page = {
    kind: 'similar',
    origin: location,
    answer: answerOf(input, response),
    error: null,
    view: emptyView,
  };
  const top = currentPage(state);
  const replaces = top.kind === 'similar' && sameLocation(top.origin, location);
  const shown = replaces ? withPage(state, page) : { ...state, pages: [...state.pages, page] as const };
  return arrived({ ...shown, pending: null, debouncing: false }, true);
}

function onShowDuplicates(state: PanelState, { groups }: Message<'showDuplicates'>): Step {
  const kept = state.pages.filter((page) => page.kind !== 'duplicates');
  const [bottom = state.pages[0], ...rest] = kept;
  const page: Page = { kind: 'duplicates', groups, view: emptyView };
  const next: PanelState = {
    ...state,
    pending: null,
    debouncing: false,
    pages: [bottom.kind === 'search' ? bottom : state.pages[0], ...rest, page],
  };
  return [
    selectFirst(next),
    [
      { type: 'focus', target: 'list' },
      { type: 'announce', text: text.duplicateCount(groups.length) },
    ],
  ];
}

/** What a message of the host changes. */
export function updateHost(state: PanelState, message: HostToPanel): Step {
  switch (message.type) {
    case 'status':
      return onStatus(state, message);
    case 'results':
      return onResults(state, message);
    case 'failed':
      return onFailed(state, message);
    case 'run': {
      const chosen = message.mode === undefined ? {} : { mode: message.mode, modeChosen: true };
      const filled = { ...state, ...chosen, query: message.query, history: restart(state.history) };
      const [next, effects] = runSearch(filled);
      return [next, [...effects, { type: 'focus', target: 'query', selectAll: true }]];
    }
    case 'showSimilar':
      return onShowSimilar(state, message);
    case 'showDuplicates':
      return onShowDuplicates(state, message);
    case 'history':
      return [{ ...state, history: withQueries(state.history, message.queries) }, []];
    case 'settings': {
      const { facets, multiRoot, maxResults = state.pageSize } = message;
      const mode = state.modeChosen ? state.mode : message.mode;
      const next = { ...state, facets, multiRoot, mode, pageSize: maxResults };
      return mode !== state.mode && currentPage(next).kind === 'search' && next.pending !== null
        ? rerun(next)
        : [next, []];
    }
    case 'focus':
      return [state, [{ type: 'focus', target: 'query', selectAll: true }]];
    default:
      // A newer host may say more than this panel understands.
      return [state, []];
  }
}
