/** The engine may die; the window goes on. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { waitFor } from '../../support/waitFor.ts';
import { test } from '../runner.ts';
import { api, find, untilIdle } from '../window.ts';

function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test('a killed engine comes back with its index', async () => {
  const before = (await untilIdle()).roots[0]!;
  const pid = api().enginePid();
  assert.ok(pid !== undefined && pid !== process.pid);
  process.kill(pid, 'SIGKILL');
  assert.ok((await find('signSession')).length > 0, 'a search asked meanwhile is answered');
  const next = await waitFor('another engine', () => (api().enginePid() === pid ? undefined : api().enginePid()));
  assert.notEqual(next, pid);
  assert.equal(alive(pid), false);
  const after = (await untilIdle()).roots[0]!;
  assert.deepEqual([after.files, after.chunks, after.embedded], [before.files, before.chunks, before.embedded]);
});

test('Restart Engine leaves exactly one engine', async () => {
  const pid = api().enginePid()!;
  await vscode.commands.executeCommand('sextant.restartEngine');
  await waitFor('another engine', () => {
    const now = api().enginePid();
    return now !== undefined && now !== pid;
  });
  assert.equal(alive(pid), false);
  await untilIdle();
});

test('the status report tells about engine, model and folder', async () => {
  await waitFor('the model', () => api().status()?.model);
  const document = await vscode.workspace.openTextDocument(
    vscode.Uri.from({ scheme: 'sextant-status', path: '/Sextant index status.md' }),
  );
  const report = document.getText();
  for (const part of [`pid ${api().enginePid()}`, 'Model', 'Backend', 'Databases'])
    assert.ok(report.includes(part), report);
});

test('commands that show something do not fail', async () => {
  await vscode.commands.executeCommand('sextant.search', 'retry with a growing delay');
  await vscode.commands.executeCommand('sextant.showLog');
});
