/** The running extension and its manifest say the same. */
import assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { commands } from '../../../src/shared/commands.ts';
import { settings } from '../../../src/shared/settings.ts';
import { test } from '../runner.ts';
import { sextant } from '../window.ts';

interface Manifest {
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly views: Readonly<Record<string, readonly { readonly id: string }[]>>;
  };
}

test('activates by itself after start-up', async () => {
  await sextant().activate();
  assert.equal(sextant().isActive, true);
});

test('every command of the manifest is registered, and no other', async () => {
  const manifest = sextant().packageJSON as Manifest;
  const contributed = manifest.contributes.commands.map(({ command }) => command).sort();
  assert.deepEqual(contributed, Object.keys(commands).sort());
  const registered = await vscode.commands.getCommands(true);
  for (const id of contributed) assert.ok(registered.includes(id), `${id} is not registered`);
  // VS Code itself adds commands named after each view, such as `sextant.search.focus`.
  const views = Object.values(manifest.contributes.views).flat();
  const ofView = (id: string): boolean => views.some((view) => id.startsWith(`${view.id}.`));
  const own = registered.filter((id) => id.startsWith('sextant.') && !ofView(id));
  assert.deepEqual(
    own.filter((id) => !contributed.includes(id)),
    [],
  );
});

test('every setting is known with its default', () => {
  for (const [key, { default: value }] of Object.entries(settings)) {
    assert.deepEqual(vscode.workspace.getConfiguration().inspect(key)?.defaultValue, value, key);
  }
  return Promise.resolve();
});
