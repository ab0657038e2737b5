import { h, render } from 'preact';
import type { HostToMood } from '../../shared/moodPanel.ts';
import { keepingFocus } from '../shared/keepFocus.ts';
import { Panel } from './components/panel.tsx';
import { initialState, queryFrom } from './model/state.ts';
import { update, type MoodEvent } from './model/update.ts';
import './main.css';

const vscode = acquireVsCodeApi();
const root = document.getElementById('app') ?? document.body.appendChild(document.createElement('div'));

let state = { ...initialState, query: queryFrom(vscode.getState()) };

function dispatch(event: MoodEvent): void {
  const [next, messages] = update(state, event, Date.now() / 1000);
  if (next.query !== state.query) vscode.setState(next.query);
  state = next;
  keepingFocus(root, () => render(h(Panel, { state, dispatch }), root));
  for (const message of messages) vscode.postMessage(message);
}

/** Only the types are checked: the messages come from our own extension, of the same version. */
function isHostMessage(data: unknown): data is HostToMood {
  return typeof data === 'object' && data !== null && 'type' in data && typeof data.type === 'string';
}

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  if (isHostMessage(event.data)) dispatch({ type: 'host', message: event.data });
});
dispatch({ type: 'started' });
