/** Restricted Mode: the workspace is indexed and searched, its own model and device settings are ignored. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { settings, type SettingKey } from '../../../src/shared/settings.ts';
import { test } from '../runner.ts';
import { api, find, read, untilIdle } from '../window.ts';

const restricted = (Object.keys(settings) as SettingKey[]).filter((key) => 'restricted' in settings[key]);

test('the workspace is not trusted, and the extension runs', () => {
  assert.equal(vscode.workspace.isTrusted, false);
  assert.notEqual(restricted.length, 0);
  return Promise.resolve();
});

test('restricted settings of the workspace are ignored, others are not', async () => {
  const own = JSON.parse(await read('.vscode/settings.json')) as Record<string, unknown>;
  const configuration = vscode.workspace.getConfiguration();
  for (const key of restricted) {
    assert.ok(key in own, `the workspace sets ${key}`);
    assert.notDeepEqual(configuration.get(key), own[key], key);
  }
  assert.deepEqual(configuration.get('sextant.search.maxResults'), own['sextant.search.maxResults']);
});

test('it is indexed and searched with the user’s model', async () => {
  const status = await untilIdle();
  assert.equal(status.modelError, undefined);
  assert.ok((await find('signSession')).length > 0);
  const [result] = await find('how are sessions signed', 'hybrid');
  await api().open(result!);
  assert.ok(vscode.window.activeTextEditor?.document.uri.path.endsWith(result!.path));
});

test('agents get no answer', async () => {
  const asked = vscode.lm.invokeTool('sextant_search', { toolInvocationToken: undefined, input: { query: 'x' } });
  await assert.rejects(Promise.resolve(asked), /not trusted/);
});
