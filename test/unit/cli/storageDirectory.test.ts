import assert from 'node:assert/strict';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { storageDirectory } from '../../../src/cli/storageDirectory.ts';

test('SEXTANT_HOME wins, an empty one does not count', () => {
  assert.equal(storageDirectory({ SEXTANT_HOME: '/tmp/x' }, 'linux'), path.resolve('/tmp/x'));
  assert.equal(
    storageDirectory({ SEXTANT_HOME: '', XDG_DATA_HOME: '' }, 'linux'),
    path.join(os.homedir(), '.local', 'share', 'sextant'),
  );
});

test('each system has its own data folder', () => {
  assert.equal(storageDirectory({ XDG_DATA_HOME: '/data' }, 'linux'), path.join('/data', 'sextant'));
  assert.match(storageDirectory({}, 'darwin'), /Application Support/);
  assert.equal(storageDirectory({ LOCALAPPDATA: 'L' }, 'win32'), path.join('L', 'sextant'));
});
