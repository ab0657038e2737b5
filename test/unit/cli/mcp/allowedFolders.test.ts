import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, it } from 'node:test';
import { pathToFileURL } from 'node:url';
import { allowedFolders } from '../../../../src/cli/mcp/allowedFolders.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

function tree(base: string, ...folders: string[]): string[] {
  return folders.map((folder) => {
    const absolute = path.join(base, folder);
    fs.mkdirSync(absolute, { recursive: true });
    return absolute;
  });
}

const uri = (folder: string): string => pathToFileURL(folder).href;
const pathsOf = (...input: Parameters<typeof allowedFolders>): string[] =>
  allowedFolders(...input).map((folder) => folder.path);

describe('the folders that may be searched', () => {
  it('are those that were configured, where the client knows of no roots', (t) => {
    const [a, b] = tree(temporaryFolder(t), 'a', 'b') as [string, string];
    assert.deepEqual(pathsOf([a, b], undefined, '/'), [a, b]);
  });

  it('are the client’s roots, where none were configured', (t) => {
    const [a] = tree(temporaryFolder(t), 'a') as [string];
    assert.deepEqual(pathsOf([], [uri(a), uri(`${a}-missing`), 'https://example.org', 'not a uri'], '/'), [a]);
  });

  it('are what both allow: the inner of two within each other', (t) => {
    const base = temporaryFolder(t);
    const [a, inner, b] = tree(base, 'a', 'a/inner', 'b') as [string, string, string];
    assert.deepEqual(pathsOf([a], [uri(inner), uri(b)], '/'), [inner]);
    assert.deepEqual(pathsOf([inner], [uri(a)], '/'), [inner]);
    assert.throws(() => allowedFolders([a], [uri(b)], base), { code: 'workspace_missing' });
    assert.throws(() => allowedFolders([a], [], base), { code: 'workspace_missing' });
  });

  it('are the folder of the start as a last resort, but never everything', (t) => {
    const [a] = tree(temporaryFolder(t), 'a') as [string];
    assert.deepEqual(pathsOf([], undefined, a), [a]);
    for (const cwd of ['/', os.homedir(), path.dirname(os.homedir())]) {
      assert.throws(() => allowedFolders([], undefined, cwd), { code: 'workspace_missing' }, cwd);
    }
  });

  it('have their links resolved, names of their own, and none within another', (t) => {
    const base = temporaryFolder(t);
    const [first, second, inner] = tree(base, 'x/app', 'y/app', 'x/app/inner') as [string, string, string];
    const link = path.join(base, 'link');
    fs.symlinkSync(first, link);
    const folders = allowedFolders([], [link, second, inner].map(uri), '/');
    assert.deepEqual(
      folders.map((folder) => folder.path),
      [first, second],
    );
    assert.deepEqual(
      folders.map((folder) => folder.name),
      ['x-app', 'y-app'],
    );
  });
});
