/** Index, search, open: from a folder to the right lines in an editor. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { waitFor } from '../../support/waitFor.ts';
import { test } from '../runner.ts';
import { api, closeEditors, find, lineOf, read, untilIdle, uriOf, write } from '../window.ts';

const sessionFile = 'src/auth/session.ts';

test('the workspace is indexed without being asked', async () => {
  const status = await untilIdle();
  assert.equal(status.roots.length, 1);
  assert.ok(status.roots[0]!.files >= 25, JSON.stringify(status));
  assert.equal(status.modelError, undefined);
});

test('a question in plain words finds the function', async () => {
  const results = await find('how are sessions signed so that a cookie cannot be forged', 'hybrid');
  const paths = results.slice(0, 5).map((result) => result.path);
  assert.ok(paths.includes(sessionFile), paths.join(', '));
});

test('a result opens at exactly its lines', async () => {
  await closeEditors();
  const text = await read(sessionFile);
  const result = (await find('signSession')).find(({ symbol }) => symbol.endsWith('signSession'));
  assert.ok(result, 'signSession is found');
  const declared = lineOf(text, 'function signSession');
  assert.ok(result.startLine <= declared && declared <= result.endLine, `${result.startLine}–${result.endLine}`);
  await api().open(result);
  const editor = vscode.window.activeTextEditor;
  assert.equal(editor?.document.uri.toString(), uriOf(sessionFile).toString());
  assert.equal(editor.selection.start.line, result.startLine - 1);
  await waitFor('the lines to be visible', () =>
    editor.visibleRanges.some((range) => range.start.line <= declared - 1 && declared - 1 <= range.end.line),
  );
});

test('lines past the end of a file that shrank are clamped', async () => {
  await write('notes/short.ts', 'export const one = 1;\n');
  const location = {
    root: uriOf('').toString().replace(/\/$/, ''),
    path: 'notes/short.ts',
    startLine: 90,
    endLine: 99,
  };
  await api().open(location);
  assert.equal(vscode.window.activeTextEditor?.document.uri.toString(), uriOf('notes/short.ts').toString());
});

test('a file that is gone is said to be gone', async () => {
  const [result] = await find('signSession');
  await assert.rejects(api().open({ ...result!, path: 'src/never.ts' }), { code: 'not_found' });
});

test('a place outside of the workspace is refused', async () => {
  const [result] = await find('signSession');
  await assert.rejects(api().open({ ...result!, path: '../../etc/passwd' }), { code: 'invalid_argument' });
  await assert.rejects(api().open({ ...result!, root: 'file:///' }), { code: 'invalid_argument' });
});

test('what is similar to a function is found, the function itself is not', async () => {
  const [origin] = await find('signSession');
  const { results } = await api().similar(origin!, 10);
  assert.ok(results.length > 0);
  assert.ok(!results.some(({ path, startLine }) => path === origin!.path && startLine === origin!.startLine));
});

test('the quick pick opens its first result', async () => {
  await closeEditors();
  await vscode.commands.executeCommand('sextant.quickSearch', 'signSession');
  await waitFor(
    'the preview of the first result',
    () => vscode.window.activeTextEditor ?? vscode.window.visibleTextEditors[0],
  );
  await vscode.commands.executeCommand('workbench.action.acceptSelectedQuickOpenItem');
  await waitFor('the editor', () => vscode.window.activeTextEditor?.document.uri.path.endsWith('.ts'));
});
