/** Changes on the disk and in the settings reach the index. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { waitFor } from '../../support/waitFor.ts';
import { test } from '../runner.ts';
import { api, find, folder, untilFound, untilIdle, uriOf, write } from '../window.ts';

const lighthouse = 'src/lighthouse.ts';

function setting(key: string, value: unknown): Thenable<void> {
  return vscode.workspace
    .getConfiguration(undefined, folder())
    .update(key, value, vscode.ConfigurationTarget.WorkspaceFolder);
}

test('a new file is found', async () => {
  await write(lighthouse, 'export function rotateLighthouseLamp(speed: number) {\n  return speed * 2;\n}\n');
  await untilFound('rotateLighthouseLamp', lighthouse);
});

test('an edit in an editor is found once it is saved', async () => {
  const document = await vscode.workspace.openTextDocument(uriOf(lighthouse));
  const editor = await vscode.window.showTextDocument(document);
  await editor.edit((edit) => edit.insert(new vscode.Position(3, 0), 'export function soundFoghornTwice() {}\n'));
  assert.equal(
    (await find('soundFoghornTwice')).some(({ path }) => path === lighthouse),
    false,
  );
  await document.save();
  await untilFound('soundFoghornTwice', lighthouse);
});

test('a file that is renamed is found under its new name only', async () => {
  await vscode.workspace.fs.rename(uriOf(lighthouse), uriOf('src/beacon.ts'));
  await untilFound('soundFoghornTwice', 'src/beacon.ts');
  await untilFound('soundFoghornTwice', lighthouse, false);
});

test('a file that is deleted is forgotten', async () => {
  await vscode.workspace.fs.delete(uriOf('src/beacon.ts'));
  await untilFound('soundFoghornTwice', 'src/beacon.ts', false);
});

test('a .gitignore that changes takes files out and brings them back', async () => {
  await write('generated/answer.ts', 'export const meaningOfHarbours = 42;\n');
  await untilFound('meaningOfHarbours', 'generated/answer.ts');
  await write('generated/.gitignore', '*.ts\n');
  await untilFound('meaningOfHarbours', 'generated/answer.ts', false);
  // The scan for the new folder may have met the file already, and what comes and goes within one batch of file events is not reported.
  await new Promise((resolve) => setTimeout(resolve, 2000));
  await vscode.workspace.fs.delete(uriOf('generated/.gitignore'));
  await untilFound('meaningOfHarbours', 'generated/answer.ts');
});

test('sextant.index.exclude and search.exclude are honoured, and take effect at once', async () => {
  for (const [key, value] of [
    ['sextant.index.exclude', ['generated/**']],
    ['search.exclude', { 'generated/**': true }],
  ] as const) {
    await setting(key, value);
    await untilFound('meaningOfHarbours', 'generated/answer.ts', false);
    await setting(key, undefined);
    await untilFound('meaningOfHarbours', 'generated/answer.ts');
  }
});

test('sextant.index.maxFileSizeKB is honoured', async () => {
  await write('src/long.ts', `export const windlassLength = 1;\n${'// a line of a long file\n'.repeat(100)}`);
  await untilFound('windlassLength', 'src/long.ts');
  await setting('sextant.index.maxFileSizeKB', 1);
  await untilFound('windlassLength', 'src/long.ts', false);
  await setting('sextant.index.maxFileSizeKB', undefined);
  await untilFound('windlassLength', 'src/long.ts');
});

test('indexing can be paused and resumed', async () => {
  await vscode.commands.executeCommand('sextant.pauseIndexing');
  await waitFor('paused', () => api().status()?.paused);
  await vscode.commands.executeCommand('sextant.resumeIndexing');
  await waitFor('resumed', () => api().status()?.paused === false);
});

test('re-indexing from scratch gives the same index', async () => {
  const before = (await untilIdle()).roots[0]!;
  await vscode.commands.executeCommand('sextant.reindex', { fresh: true });
  await waitFor('the index to be as large again', () => api().status()?.roots[0]?.chunks === before.chunks, 60_000);
  const after = (await untilIdle()).roots[0]!;
  assert.deepEqual([after.files, after.chunks, after.embedded], [before.files, before.chunks, before.embedded]);
});
