import { h, render } from 'preact';
import type { HostToPanel } from '../../shared/panelProtocol.ts';
import { Panel } from './components/panel.tsx';
import { queryId } from './components/queryBox.tsx';
import { listId } from './components/resultTree.tsx';
import type { Effect, PanelEvent } from './model/event.ts';
import { fromStored, toStored } from './model/persist.ts';
import { initialState, type PanelState } from './model/state.ts';
import { update } from './model/update.ts';
import './main.css';

/** Typing pause after which a search starts, rest of the arrow keys before a preview, and before the state is kept. */
const delays = { debounce: 150, preview: 120, announce: 400, store: 100 } as const;
type Timer = keyof typeof delays;

const vscode = acquireVsCodeApi();
const root = document.getElementById('app') ?? document.body.appendChild(document.createElement('div'));
const live = document.body.appendChild(document.createElement('div'));
live.className = 'sr-only';
live.setAttribute('aria-live', 'polite');

let state = fromStored(initialState, vscode.getState());
const timers: Partial<Record<Timer, ReturnType<typeof setTimeout>>> = {};

function later(timer: Timer, action: () => void): void {
  clearTimeout(timers[timer]);
  timers[timer] = setTimeout(action, delays[timer]);
}

function store(): void {
  clearTimeout(timers.store);
  vscode.setState(toStored(state));
}

function focus(target: 'query' | 'list', selectAll: boolean): void {
  const query = document.getElementById(queryId) as HTMLTextAreaElement | null;
  const element = target === 'list' ? (document.getElementById(listId) ?? query) : query;
  element?.focus({ preventScroll: true });
  if (element === query && query !== null)
    query.setSelectionRange(selectAll ? 0 : query.value.length, query.value.length);
}

function perform(effect: Effect): void {
  switch (effect.type) {
    case 'post':
      vscode.postMessage(effect.message);
      return;
    case 'debounce':
      later('debounce', () => dispatch({ type: 'debounced' }));
      return;
    case 'stopDebounce':
      clearTimeout(timers.debounce);
      return;
    case 'preview':
      later('preview', () => dispatch({ type: 'opened', key: effect.key, how: 'preview' }));
      return;
    case 'focus':
      focus(effect.target, effect.selectAll ?? false);
      return;
    case 'announce':
      later('announce', () => {
        live.textContent = effect.text;
      });
  }
}

/** A preview that is due must not come after something the user did since, such as opening the file. */
const endsPreview: readonly PanelEvent['type'][] = ['opened', 'moved', 'wentBack', 'escaped', 'typed', 'typedAhead'];

const lasting = ['query', 'mode', 'filters', 'pages'] as const satisfies readonly (keyof PanelState)[];

function dispatch(event: PanelEvent): void {
  if (endsPreview.includes(event.type)) clearTimeout(timers.preview);
  const before = state;
  const [next, effects] = update(state, event);
  if (next !== before) {
    state = next;
    draw();
    keep(before, event);
  }
  effects.forEach(perform);
}

/** Keeps what lasts. Answers at once, as the panel may be hidden any moment; what comes with each key after a rest. */
function keep(before: PanelState, event: PanelEvent): void {
  if (event.type === 'host' && state.pages !== before.pages) store();
  else if (lasting.some((part) => state[part] !== before[part])) later('store', store);
}

/** Draws the state. When what had the focus is gone afterwards, the list or the query box takes it over. */
function draw(): void {
  const focused = document.activeElement;
  render(h(Panel, { state, dispatch }), root);
  const lost = focused !== null && focused !== document.body && !focused.isConnected;
  if (lost && document.hasFocus()) focus(focused.id === listId ? 'list' : 'query', false);
}

/** Only the types are checked: the messages come from our own extension, of the same version. */
function isHostMessage(data: unknown): data is HostToPanel {
  return typeof data === 'object' && data !== null && 'type' in data && typeof data.type === 'string';
}

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  if (isHostMessage(event.data)) dispatch({ type: 'host', message: event.data });
});
window.addEventListener('pagehide', store);
draw();
vscode.postMessage({ type: 'ready' });
