import type { HistoryPlace } from '../../../shared/history.ts';
import type { Location, SearchResult } from '../../../shared/search.ts';
import { text } from '../text.ts';
import { selectFirst } from './answers.ts';
import type { Effect, PanelEvent } from './event.ts';
import { recall, restart } from './history.ts';
import { abandon, minimumLength, remember, rerun, runMore, runSearch, runSimilar, type Step } from './requests.ts';
import { groupByFile, groupKey, resultKey, visibleRows } from './rows.ts';
import { currentPage, inputOf, withView, type PanelState } from './state.ts';
import { updateHost } from './updateHost.ts';

function typed(state: PanelState, query: string): Step {
  const next = { ...state, query, resuming: false, history: restart(state.history) };
  return soon(next);
}

/** Searches after the typing pause; what is shown stays until the answer replaces it. */
function soon(state: PanelState): Step {
  const length = state.query.trim().length;
  if (length === 0) return runSearch(state);
  if (length < minimumLength) {
    const [idle, effects] = abandon({ ...state, debouncing: false });
    return [idle, [...effects, { type: 'stopDebounce' }]];
  }
  return [{ ...state, debouncing: true }, [{ type: 'debounce' }]];
}

/** Enter in the query box: search now, or, where the answer is here already, go to it. */
function submitted(state: PanelState): Step {
  const kept = remember(state);
  const page = currentPage(state);
  const input = JSON.stringify(inputOf(state));
  if (state.pending?.kind === 'search' && JSON.stringify(state.pending.input) === input) {
    return [{ ...state, pending: { ...state.pending, jump: true } }, kept];
  }
  const answered = page.kind === 'search' && page.answer !== null && page.error === null;
  if (answered && page.answer.results.length > 0 && JSON.stringify(page.answer.input) === input) {
    const [next, effects] = listEntered(state);
    return [next, [...kept, ...effects]];
  }
  const [next, effects] = runSearch(state, { jump: true });
  return [next, [...kept, ...effects]];
}

function listEntered(state: PanelState): Step {
  const page = currentPage(state);
  const rows = visibleRows(page);
  if (rows.length === 0) return [state, []];
  const active = rows.find((row) => row.key === page.view.active);
  const next = active === undefined ? selectFirst(state) : state;
  const key = currentPage(next).view.active;
  const preview: Effect[] = key === null ? [] : [{ type: 'preview', key }];
  return [next, [{ type: 'focus', target: 'list' }, ...preview]];
}

function recalled(state: PanelState, direction: 'older' | 'newer'): Step {
  const found = recall(state.history, direction, state.query);
  if (found === null) return [state, []];
  return soon({ ...state, query: found.query, history: found.history });
}

function wentBack(state: PanelState): Step {
  const [idle, effects] = abandon(state);
  const [bottom, ...rest] = idle.pages;
  if (rest.length === 0) return [idle, [...effects, { type: 'focus', target: 'query' }]];
  const next: PanelState = { ...idle, pages: [bottom, ...rest.slice(0, -1)] };
  const empty = visibleRows(currentPage(next)).length === 0;
  return [next, [...effects, { type: 'focus', target: empty ? 'query' : 'list' }]];
}

function cancelled(state: PanelState): Step {
  if (state.pending === null && !state.debouncing) return [state, []];
  const [idle, effects] = abandon({ ...state, debouncing: false });
  return [idle, [...effects, { type: 'stopDebounce' }, { type: 'announce', text: text.cancelled }]];
}

/** Escape stops what runs; else it leads one step back: to the list below, or from the list to the query. */
function escaped(state: PanelState, from: 'query' | 'list'): Step {
  if (state.pending !== null || state.debouncing) return cancelled(state);
  if (state.pages.length > 1) return wentBack(state);
  return [state, from === 'list' ? [{ type: 'focus', target: 'query' }] : []];
}

function expanded(state: PanelState, key: string, open: boolean): Step {
  const { view } = currentPage(state);
  const without = (keys: readonly string[]) => keys.filter((other) => other !== key);
  if (key.startsWith('r:')) {
    return [withView(state, { explained: open ? [...without(view.explained), key] : without(view.explained) }), []];
  }
  return [withView(state, { collapsed: open ? without(view.collapsed) : [...without(view.collapsed), key] }), []];
}

function allExpanded(state: PanelState, open: boolean): Step {
  const page = currentPage(state);
  if (open) return [withView(state, { collapsed: [] }), []];
  const keys =
    page.kind === 'duplicates'
      ? page.groups.map((_, index) => groupKey(index))
      : groupByFile(page.answer?.results ?? []).map((group) => group.key);
  const parent = visibleRows(page).find((row) => row.key === page.view.active)?.parent;
  return [withView(state, { collapsed: keys, ...(parent ? { active: parent } : {}) }), []];
}

function locationOf(state: PanelState, key: string): Location | null {
  const row = visibleRows(currentPage(state)).find((other) => other.key === key);
  if (row === undefined) return null;
  const { root, path, startLine, endLine } = row.location;
  return { root, path, startLine, endLine };
}

function resultOf(state: PanelState, key: string): SearchResult | undefined {
  const page = currentPage(state);
  return page.kind === 'duplicates' ? undefined : page.answer?.results.find((result) => resultKey(result) === key);
}

function opened(state: PanelState, { key, how, line }: Extract<PanelEvent, { type: 'opened' }>): Step {
  const place = locationOf(state, key);
  if (place === null) return [state, []];
  const location = line === undefined ? place : { ...place, startLine: line, endLine: line };
  const kept = how === 'preview' || currentPage(state).kind !== 'search' ? [] : remember(state);
  const message = { type: 'open' as const, location, how, ...itemOf(state, key) };
  return [withView(state, { active: key }), [...kept, { type: 'post', message }]];
}

/** What tells the host that a result is no place in a file; empty for code. */
function itemOf(state: PanelState, key: string): { readonly item?: HistoryPlace } {
  const row = visibleRows(currentPage(state)).find((other) => other.key === key);
  const result = row === undefined ? undefined : resultOf(state, resultKey(row.location));
  if (result?.history === undefined) return {};
  const { kind, source, key: name, url } = result.history;
  return { item: { kind, source, key: name, ...(url === undefined ? {} : { url }) } };
}

function copied(state: PanelState, key: string, what: 'text' | 'path'): Step {
  const location = locationOf(state, key);
  if (location === null) return [state, []];
  const content = what === 'path' ? location.path : (resultOf(state, key)?.text ?? '');
  return [
    state,
    [
      { type: 'post', message: { type: 'copy', what, location, text: content } },
      { type: 'announce', text: text.copied[what] },
    ],
  ];
}

function filtered(state: PanelState): Step {
  const page = currentPage(state);
  if (page.kind === 'search' && state.query.trim().length < minimumLength && page.answer === null) return [state, []];
  return rerun(state);
}

/** The panel's next state and what it has to do, given what happened. Pure: the same input gives the same output. */
export function update(state: PanelState, event: PanelEvent): Step {
  switch (event.type) {
    case 'host':
      return updateHost(state, event.message);
    case 'typed':
      return typed(state, event.query);
    case 'debounced':
      return state.debouncing ? runSearch(state) : [state, []];
    case 'submitted':
      return submitted(state);
    case 'modeChosen':
      return event.mode === state.mode ? [state, []] : filtered({ ...state, mode: event.mode, modeChosen: true });
    case 'filtersChosen':
      return filtered({ ...state, filters: event.filters });
    case 'cleared': {
      const [next, effects] = runSearch({ ...state, query: '', history: restart(state.history) });
      return [next, [...effects, { type: 'focus', target: 'query' }]];
    }
    case 'cancelled':
      return cancelled(state);
    case 'wentBack':
      return wentBack(state);
    case 'recalled':
      return recalled(state, event.direction);
    case 'historyPicked': {
      const picked = { ...state, query: event.query, history: restart(state.history) };
      const [next, effects] = runSearch(picked);
      return [next, [...remember(picked), ...effects, { type: 'focus', target: 'query' }]];
    }
    case 'historyCleared':
      return [
        state,
        [
          { type: 'post', message: { type: 'clearHistory' } },
          { type: 'focus', target: 'query' },
        ],
      ];
    case 'moved': {
      const quiet = event.quiet === true || currentPage(state).view.active === event.key;
      return [withView(state, { active: event.key }), quiet ? [] : [{ type: 'preview', key: event.key }]];
    }
    case 'listEntered':
      return listEntered(state);
    case 'queryEntered':
      return [state, [{ type: 'focus', target: 'query' }]];
    case 'escaped':
      return escaped(state, event.from);
    case 'typedAhead': {
      const [next, effects] = typed(state, state.query + event.characters);
      return [next, [...effects, { type: 'focus', target: 'query' }]];
    }
    case 'expanded':
      return expanded(state, event.key, event.open);
    case 'allExpanded':
      return allExpanded(state, event.open);
    case 'opened':
      return opened(state, event);
    case 'similarAsked': {
      const location = locationOf(state, event.key);
      return location === null ? [state, []] : runSimilar(withView(state, { active: event.key }), location);
    }
    case 'copied':
      return copied(state, event.key, event.what);
    case 'endReached':
      return runMore(state);
    case 'scrolled':
      return [withView(state, { scroll: event.top }), []];
    case 'refreshed':
      return rerun(state, { keepView: true });
    case 'commanded':
      return [state, [{ type: 'post', message: { type: 'command', command: event.command } }]];
  }
}
