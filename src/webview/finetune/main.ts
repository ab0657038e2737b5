import { h, render } from 'preact';
import type { FinetuneToHost, FinetuneViewState, HostToFinetune } from '../../shared/finetunePanel.ts';
import { keepingFocus } from '../shared/keepFocus.ts';
import { FinetuneApp } from './components/finetuneApp.tsx';
import './main.css';

const vscode = acquireVsCodeApi();
const root = document.getElementById('app') ?? document.body.appendChild(document.createElement('div'));

function send(message: FinetuneToHost): void {
  vscode.postMessage(message);
}

/** Only the type is checked: the messages come from our own extension, of the same version. */
function isHostMessage(data: unknown): data is HostToFinetune {
  return typeof data === 'object' && data !== null && 'type' in data && data.type === 'state';
}

function draw(state: FinetuneViewState): void {
  keepingFocus(root, () => render(h(FinetuneApp, { state, send }), root));
}

window.addEventListener('message', (event: MessageEvent<unknown>) => {
  if (!isHostMessage(event.data)) return;
  // What was shown last is shown again at once when the view comes back.
  vscode.setState(event.data.state);
  draw(event.data.state);
});
const last = vscode.getState() as FinetuneViewState | undefined;
if (last !== undefined) draw(last);
send({ type: 'ready' });
