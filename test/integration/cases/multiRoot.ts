/** A workspace of several folders: one index each, answers from all, settings of each its own. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { waitFor } from '../../support/waitFor.ts';
import { test } from '../runner.ts';
import { api, find, untilIdle, untilRoots } from '../window.ts';

function folderNamed(name: string): vscode.WorkspaceFolder {
  const folder = vscode.workspace.workspaceFolders?.find((candidate) => candidate.name === name);
  assert.ok(folder, `no folder ${name}`);
  return folder;
}

async function rootsOf(query: string): Promise<string[]> {
  const names = (await find(query)).map(
    ({ root }) => vscode.workspace.workspaceFolders?.find(({ uri }) => uri.toString() === root)?.name ?? root,
  );
  return [...new Set(names)].sort();
}

test('every folder has its index', async () => {
  const status = await untilIdle();
  assert.deepEqual(status.roots.map(({ name }) => name).sort(), ['harbour', 'quay']);
});

test('one search answers from all of them, and each result opens in its own', async () => {
  assert.deepEqual(await rootsOf('signSession'), ['harbour', 'quay']);
  for (const result of await find('signSession')) {
    await api().open(result);
    const opened = vscode.window.activeTextEditor?.document.uri.toString();
    assert.equal(opened, `${result.root}/${result.path}`);
  }
});

test('a search can be kept to one folder', async () => {
  const root = folderNamed('quay').uri.toString();
  const { results } = await api().search({
    query: 'signSession',
    mode: 'keyword',
    limit: 20,
    filters: {},
    roots: [root],
  });
  assert.ok(results.length > 0);
  assert.ok(results.every((result) => result.root === root));
});

test('the settings of one folder do not touch the other', async () => {
  const target = vscode.ConfigurationTarget.WorkspaceFolder;
  const settings = (): vscode.WorkspaceConfiguration =>
    vscode.workspace.getConfiguration(undefined, folderNamed('quay'));
  await settings().update('sextant.index.exclude', ['src/auth/**'], target);
  // Other files speak of it too, so look at the file itself.
  const holders = async (): Promise<string> => {
    const roots = (await find('signSession'))
      .filter(({ path }) => path === 'src/auth/session.ts')
      .map(({ root }) => root);
    return [...new Set(roots)].sort().join();
  };
  const [harbour, both] = [['harbour'], ['harbour', 'quay']].map((names) =>
    names
      .map((name) => folderNamed(name).uri.toString())
      .sort()
      .join(),
  );
  await waitFor('only harbour to have it', async () => (await holders()) === harbour, 30_000);
  await settings().update('sextant.index.exclude', undefined, target);
  await waitFor('both to have it', async () => (await holders()) === both, 30_000);
});

test('a folder that is removed is not searched any more; added again it is', async () => {
  const { uri, index } = folderNamed('quay');
  vscode.workspace.updateWorkspaceFolders(index, 1);
  await untilRoots(1);
  assert.deepEqual(await rootsOf('signSession'), ['harbour']);
  vscode.workspace.updateWorkspaceFolders(index, 0, { uri, name: 'quay' });
  await untilRoots(2);
  await waitFor('quay to answer', async () => (await rootsOf('signSession')).includes('quay'), 30_000);
});
