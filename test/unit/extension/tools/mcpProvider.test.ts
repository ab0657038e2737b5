import assert from 'node:assert/strict';
import { beforeEach, describe, it, type TestContext } from 'node:test';
import type * as vscode from 'vscode';
import '../../../support/registerFakeVscode.ts';

const { McpProvider } = await import('../../../../src/extension/tools/mcpProvider.ts');
const { fake, fire, resetFake, Uri, workspace } = await import('../../../support/fakeVscode.ts');

beforeEach(resetFake);

function provider(t: TestContext, enabled = () => true) {
  const options = {
    entry: '/x/dist/cli.mjs',
    storageDir: '/storage',
    version: '1.2.3',
    enabled,
    windowSettings: () => '/s.json',
  };
  const made = new McpProvider(options);
  t.after(() => made.dispose());
  return made;
}

describe('the MCP server that VS Code is told of', () => {
  it('serves the folders of the window from the window’s storage', (t) => {
    workspace.workspaceFolders = [
      { uri: Uri.file('/w'), name: 'w' },
      { uri: Uri.file('/v'), name: 'v' },
    ];
    provider(t);
    const definitions = fake.mcpProvider!.provideMcpServerDefinitions() as vscode.McpStdioServerDefinition[];
    assert.equal(definitions.length, 1);
    const [{ command, args, env, version }] = definitions as [vscode.McpStdioServerDefinition];
    assert.equal(command, process.execPath);
    assert.deepEqual(args, ['/x/dist/cli.mjs', 'mcp', '--dir', '/w', '--dir', '/v', '--window-settings', '/s.json']);
    assert.deepEqual(env, { ELECTRON_RUN_AS_NODE: '1', SEXTANT_HOME: '/storage' });
    assert.equal(version, '1.2.3');
  });

  it('is not offered without a folder, without trust, or against the user’s setting', (t) => {
    let enabled = true;
    const own = provider(t, () => enabled);
    assert.deepEqual(own.provideMcpServerDefinitions(), []);
    workspace.workspaceFolders = [{ uri: Uri.file('/w'), name: 'w' }];
    workspace.isTrusted = false;
    assert.deepEqual(own.provideMcpServerDefinitions(), []);
    workspace.isTrusted = true;
    assert.equal(own.provideMcpServerDefinitions().length, 1);
    enabled = false;
    assert.deepEqual(own.provideMcpServerDefinitions(), []);
  });

  it('is announced anew when folders or trust change, and leaves nothing behind', (t) => {
    const own = provider(t);
    let changes = 0;
    own.onDidChangeMcpServerDefinitions(() => (changes += 1));
    fire('folders');
    fire('trust');
    own.refresh();
    assert.equal(changes, 3);
    own.dispose();
    assert.equal(fake.live.size, 0);
  });
});
