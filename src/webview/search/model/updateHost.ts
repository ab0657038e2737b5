import type { HostToPanel } from '../../../shared/panelProtocol.ts';
import { text } from '../text.ts';
import { onFailed, onResults, onShowDuplicates, onShowSimilar } from './answers.ts';
import type { Effect } from './event.ts';
import { restart, withQueries } from './history.ts';
import { isGrowing, progressOf } from './progress.ts';
import { rerun, runSearch, type Step } from './requests.ts';
import { currentPage, type PanelState } from './state.ts';

type Message<T extends HostToPanel['type']> = Extract<HostToPanel, { type: T }>;

/** A list nobody has touched may be replaced by a better one under the user's eyes. */
function isUntouched(state: PanelState): boolean {
  const { active, scroll, explained } = currentPage(state).view;
  return active === null && scroll === 0 && explained.length === 0;
}

/** Whether the engine's new state calls for asking the query again. */
function shouldAsk(before: PanelState, next: PanelState): boolean {
  const page = currentPage(next);
  const { blocker, status } = next.host;
  if (blocker !== null || next.query.trim() === '' || page.kind !== 'search' || next.pending !== null) return false;
  if (next.resuming) return true;
  if (page.error?.code === 'engine_unavailable' && before.host.blocker !== null) return true;
  const finished = isGrowing(progressOf(before.host.status)) && !isGrowing(progressOf(status));
  return finished && isUntouched(next) && page.answer !== null;
}

function onStatus(state: PanelState, message: Message<'status'>): Step {
  const { status, blocker, restricted = false, error = null } = message;
  const next: PanelState = { ...state, host: { connected: true, status, blocker, restricted, error } };
  if (shouldAsk(state, next)) return runSearch(next, { keepView: true });
  const blocked = blocker !== null && blocker !== state.host.blocker;
  const announce: Effect[] = blocked ? [{ type: 'announce', text: text.blockers[blocker].title }] : [];
  return [next, announce];
}

function onRun(state: PanelState, { query, mode }: Message<'run'>): Step {
  const chosen = mode === undefined ? {} : { mode, modeChosen: true };
  const [next, effects] = runSearch({ ...state, ...chosen, query, history: restart(state.history) });
  return [next, [...effects, { type: 'focus', target: 'query', selectAll: true }]];
}

function onSettings(state: PanelState, message: Message<'settings'>): Step {
  const { facets, multiRoot, maxResults = state.pageSize } = message;
  const mode = state.modeChosen ? state.mode : message.mode;
  const next = { ...state, facets, multiRoot, mode, pageSize: maxResults };
  return mode !== state.mode && next.pending?.kind === 'search' ? rerun(next) : [next, []];
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
    case 'run':
      return onRun(state, message);
    case 'showSimilar':
      return onShowSimilar(state, message);
    case 'showDuplicates':
      return onShowDuplicates(state, message);
    case 'history':
      return [{ ...state, history: withQueries(state.history, message.queries) }, []];
    case 'settings':
      return onSettings(state, message);
    case 'focus':
      return [state, [{ type: 'focus', target: 'query', selectAll: true }]];
    default:
      // A newer host may say more than this panel understands.
      return [state, []];
  }
}
