import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { beforeEach, describe, test, type TestContext } from 'node:test';
import type * as vscode from 'vscode';
import { commands, type CommandId } from '../../../src/shared/commands.ts';
import '../../support/registerFakeVscode.ts';
import { waitFor } from '../../support/waitFor.ts';

const { activate, deactivate } = await import('../../../src/extension/extension.ts');
const { fake, fire, resetFake, secrets, window, workspace, Uri, Range } = await import('../../support/fakeVscode.ts');

beforeEach(resetFake);

interface Running {
  /** Calls and starts that the fake engine noted. */
  readonly notes: () => Promise<string[]>;
  readonly subscriptions: { dispose(): void }[];
  readonly run: (id: CommandId, ...args: unknown[]) => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** The activated extension over a fake engine; ends with the test. */
async function start(
  t: TestContext,
  options: { behaviour?: string; folders?: readonly string[] } = {},
): Promise<Running> {
  const { behaviour = 'good', folders = ['/w'] } = options;
  const home = await mkdtemp(path.join(tmpdir(), 'sextant-host-'));
  const notesFile = path.join(home, 'notes');
  process.env['FAKE_ENGINE'] = behaviour;
  process.env['FAKE_ENGINE_NOTES'] = notesFile;
  workspace.workspaceFolders = folders.map((folder) => ({ uri: Uri.file(folder), name: path.basename(folder) }));
  const subscriptions: { dispose(): void }[] = [];
  const state = new Map<string, unknown>();
  const context = {
    subscriptions,
    asAbsolutePath: () => path.join(import.meta.dirname, '..', '..', 'support', 'fakeEngine.ts'),
    globalStorageUri: Uri.file(home),
    extensionUri: Uri.file('/extension'),
    secrets,
    extension: { packageJSON: { version: '1.2.3' } },
    workspaceState: {
      get: (key: string) => state.get(key),
      update: (key: string, value: unknown) => Promise.resolve(void state.set(key, value)),
    },
  };
  activate(context as unknown as vscode.ExtensionContext);
  const stop = async (): Promise<void> => {
    await deactivate();
    for (const subscription of subscriptions.splice(0)) subscription.dispose();
  };
  t.after(async () => {
    await stop();
    await rm(home, { recursive: true });
  });
  const notes = async (): Promise<string[]> => {
    const text = await readFile(notesFile, 'utf8').catch(() => '');
    return text.split('\n').filter((line) => line !== '');
  };
  const run = async (id: CommandId, ...args: unknown[]): Promise<void> => {
    await fake.commands.get(id)!(...args);
  };
  return { notes, subscriptions, run, stop };
}

async function noted(running: Running, part: string): Promise<string> {
  return waitFor(`the engine to be told «${part}»`, async () =>
    (await running.notes()).find((line) => line.includes(part)),
  );
}

describe('activation', () => {
  test('registers every command of the manifest and no other', async (t) => {
    await start(t, { folders: [] });
    assert.deepEqual([...fake.commands.keys()].sort(), Object.keys(commands).sort());
  });

  test('forks the engine for a folder that is indexed by itself', async (t) => {
    await noted(await start(t), 'start');
    await waitFor('the status bar', () => fake.statusBar.visible && fake.statusBar.text.includes('100 %'));
  });

  test('forks nothing without a folder, and shows nothing in the status bar', async (t) => {
    const running = await start(t, { folders: [] });
    await running.run('sextant.showLog');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(await running.notes(), []);
    assert.equal(fake.statusBar.visible, false);
  });

  test('forks nothing when automatic indexing is off, until it is asked for', async (t) => {
    fake.configuration.set('sextant.index.automatic', false);
    const running = await start(t);
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(await running.notes(), []);
    await running.run('sextant.reindex', { fresh: false });
    await noted(running, 'reindex {"fresh":false}');
  });

  test('only folders on a disk are roots', async (t) => {
    const running = await start(t, { folders: [] });
    workspace.workspaceFolders = [{ uri: new Uri('vscode-vfs', '/github/a/b'), name: 'b' }];
    fire('folders');
    await new Promise((resolve) => setTimeout(resolve, 300));
    assert.deepEqual(await running.notes(), []);
  });

  test('leaves nothing behind: no listener, no registration, no process', async (t) => {
    const running = await start(t);
    const pid = Number((await noted(running, 'start')).slice(6));
    await waitFor('the status bar', () => fake.statusBar.text.includes('100 %'));
    assert.notEqual(fake.live.size, 0);
    await running.stop();
    assert.deepEqual([...fake.live], []);
    assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  });
});

describe('the engine is told', () => {
  test('of files that change, together, but not of git’s own', async (t) => {
    const running = await start(t);
    await waitFor('the engine', () => fake.statusBar.text.includes('100 %'));
    for (const file of ['/w/a.ts', '/w/.git/index', '/w/b.ts', '/w/a.ts']) fire('file', Uri.file(file));
    assert.match(await noted(running, 'filesChanged'), /\{"paths":\["\/w\/a.ts","\/w\/b.ts"\]\}/);
  });

  test('of new settings and new folders', async (t) => {
    const running = await start(t);
    await waitFor('the engine', () => fake.statusBar.text.includes('100 %'));
    workspace.workspaceFolders = ['/w', '/v'].map((folder) => ({ uri: Uri.file(folder), name: folder.slice(1) }));
    fire('folders');
    await waitFor('two roots', () => fake.statusBar.text.includes('4 chunks'));
    await running.run('sextant.pauseIndexing');
    await waitFor('the context key', () => fake.context.get('sextant.paused') === true);
    await running.run('sextant.resumeIndexing');
    await noted(running, 'resume');
  });
});

describe('commands', () => {
  const editor = (file: string, from: [number, number], to: [number, number]): unknown => ({
    document: { uri: Uri.file(file), getText: () => ' selected text ' },
    selection: new Range(...from, ...to),
  });

  test('Find Similar Code asks for the selected lines', async (t) => {
    const running = await start(t);
    window.activeTextEditor = editor('/w/src/a.ts', [4, 2], [9, 0]);
    await running.run('sextant.findSimilar');
    const location = { root: 'file:///w', path: 'src/a.ts', startLine: 5, endLine: 9 };
    await noted(running, `similar ${JSON.stringify(location)}`);
    assert.deepEqual(fake.errors, []);
  });

  test('Find Similar Code at a cursor asks for its line', async (t) => {
    const running = await start(t);
    window.activeTextEditor = editor('/w/a.ts', [0, 0], [0, 0]);
    await running.run('sextant.findSimilar');
    await noted(running, '"startLine":1,"endLine":1');
  });

  test('Find Similar Code says what it needs', async (t) => {
    const running = await start(t);
    for (const open of [undefined, editor('/elsewhere/a.ts', [0, 0], [0, 0])]) {
      window.activeTextEditor = open;
      await running.run('sextant.findSimilar');
    }
    assert.equal(fake.errors.length, 2);
    assert.match(fake.errors[0]!.text, /Open a file of this workspace first/);
  });

  test('Clear Index asks, and does nothing when the answer is no', async (t) => {
    const running = await start(t);
    await running.run('sextant.clearIndex');
    assert.equal(fake.warnings.length, 1);
    fake.answer = 'Clear Index';
    await running.run('sextant.clearIndex');
    assert.equal((await running.notes()).filter((line) => line.startsWith('clear ')).length, 1);
  });

  test('Re-index asks which kind', async (t) => {
    const running = await start(t);
    await running.run('sextant.reindex');
    fake.answer = 'From Scratch';
    await running.run('sextant.reindex');
    assert.deepEqual(
      (await running.notes()).filter((line) => line.startsWith('reindex ')),
      ['reindex {"fresh":true}'],
    );
  });

  test('Select Model writes the setting', async (t) => {
    const running = await start(t);
    fake.configuration.set('sextant.model.path', '/models/mine');
    fire('configuration', { affectsConfiguration: () => true });
    fake.answer = '$(package) Embedded Default';
    await running.run('sextant.selectModel');
    assert.equal(fake.configuration.get('sextant.model.path'), '');
  });

  test('Copy Diagnostics copies a report without code or queries', async (t) => {
    const running = await start(t);
    await waitFor('the engine', () => fake.statusBar.text.includes('100 %'));
    await running.run('sextant.copyDiagnostics');
    assert.match(fake.clipboard, /\| Sextant \| 1\.2\.3 \|/);
    assert.match(fake.clipboard, /\| Engine \| running/);
  });

  test('without a folder those that need one offer to open one', async (t) => {
    const running = await start(t, { folders: [] });
    const needing: CommandId[] = [
      'sextant.quickSearch',
      'sextant.findDuplicates',
      'sextant.reindex',
      'sextant.clearIndex',
    ];
    for (const id of needing) await running.run(id);
    assert.deepEqual(
      fake.errors.map(({ choices }) => choices),
      needing.map(() => ['Open Folder']),
    );
    assert.deepEqual(await running.notes(), []);
  });
});

describe('an engine that was given up', () => {
  test('is said once, with Restart and Show Log', async (t) => {
    await start(t, { behaviour: 'newer' });
    await waitFor('the message', () => fake.errors.length > 0);
    assert.deepEqual(fake.errors, [
      {
        text: 'The engine belongs to another version of Sextant. Reload the window. If that does not help, install the extension again.',
        choices: ['Restart', 'Show Log'],
      },
    ]);
    await waitFor('the status bar', () => fake.statusBar.text === '$(error) Sextant');
  });

  test('each command either works without it or offers Restart and Show Log', async (t) => {
    const running = await start(t, { behaviour: 'newer' });
    await waitFor('giving up', () => fake.errors.length > 0);
    window.activeTextEditor = {
      document: { uri: Uri.file('/w/a.ts'), getText: () => 'text' },
      selection: new Range(0, 0, 1, 1),
    };
    const works: CommandId[] = [
      'sextant.search',
      'sextant.quickSearch',
      'sextant.searchSelection',
      'sextant.showMood',
      'sextant.refreshMood',
      'sextant.fetchIssues',
      'sextant.importIssues',
      'sextant.selectModel',
      'sextant.setHubToken',
      'sextant.showStatus',
      'sextant.showLog',
      'sextant.finetune',
      'sextant.measureSearch',
      'sextant.exportIndex',
      'sextant.importIndex',
      'sextant.copyMcpConfiguration',
      'sextant.copyDiagnostics',
      'sextant.restartEngine',
    ];
    for (const id of Object.keys(commands) as CommandId[]) {
      if (id === 'sextant.restartEngine') continue;
      fake.errors.length = 0;
      fake.answer = 'Clear Index';
      await running.run(id, { fresh: false });
      // Without a server there is nothing that a secret would be for: that is said, and the engine has no part in it.
      const setsSecret = id === 'sextant.setRemoteKey' || id === 'sextant.setTeamPassword';
      const unavailable = setsSecret ? [[]] : [['Restart', 'Show Log']];
      const expected = works.includes(id) ? [] : unavailable;
      assert.deepEqual(
        fake.errors.map(({ choices }) => choices),
        expected,
        id,
      );
    }
  });
});
