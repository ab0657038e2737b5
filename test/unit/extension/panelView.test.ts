import assert from 'node:assert/strict';
import { test } from 'node:test';
import type * as vscode from 'vscode';
import '../../support/registerFakeVscode.ts';

const { PanelView } = await import('../../../src/extension/views/panelView.ts');
const { Disposable, EventEmitter, fake, resetFake, Uri } = await import('../../support/fakeVscode.ts');

function webviewView() {
  const messages = new EventEmitter<unknown>();
  const visibility = new EventEmitter<undefined>();
  const disposal = new EventEmitter<undefined>();
  const posted: unknown[] = [];
  const view = {
    visible: true,
    webview: {
      html: '',
      cspSource: 'csp',
      options: {},
      asWebviewUri: (uri: unknown) => uri,
      postMessage: (message: unknown) => Promise.resolve(posted.push(message) > 0),
      onDidReceiveMessage: messages.event,
    },
    onDidChangeVisibility: visibility.event,
    onDidDispose: disposal.event,
  };
  return { view, posted, messages, visibility, disposal };
}

test('a view carries messages both ways, and tells its panel when its script is gone', async () => {
  resetFake();
  const seen: unknown[] = [];
  let post: ((message: unknown) => void) | undefined;
  let ended = 0;
  const panel = {
    attach: (given: (message: unknown) => void) => (post = given),
    detach: () => seen.push('detached'),
    receive: (message: unknown) => Promise.resolve(void seen.push(message)),
  };
  const view = new PanelView({
    id: 'sextant.mood',
    title: 'Mood',
    extensionUri: Uri.file('/extension') as unknown as vscode.Uri,
    panel,
    owned: [new Disposable(() => (ended += 1))],
  });
  const shown = webviewView();
  fake.provider?.resolveWebviewView(shown.view);
  seen.length = 0;
  assert.match(shown.view.webview.html, /dist\/webview\/mood\.js/);
  assert.match(shown.view.webview.html, /dist\/webview\/mood\.css/);

  shown.messages.fire({ type: 'ready' });
  post?.({ type: 'hello' });
  shown.visibility.fire(undefined);
  assert.deepEqual(shown.posted, [{ type: 'hello' }]);
  shown.view.visible = false;
  shown.visibility.fire(undefined);
  assert.deepEqual(seen, [{ type: 'ready' }, 'detached']);

  shown.disposal.fire(undefined);
  shown.messages.fire({ type: 'late' });
  assert.deepEqual(seen, [{ type: 'ready' }, 'detached', 'detached']);

  await view.reveal();
  assert.deepEqual(fake.executed, [['sextant.mood.focus']]);
  view.dispose();
  assert.equal(ended, 1);
  assert.equal(fake.live.get('webview view provider') ?? 0, 0);
});
