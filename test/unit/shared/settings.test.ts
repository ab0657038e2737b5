import assert from 'node:assert/strict';
import { test } from 'node:test';
import { settings, usableSetting, type SettingKey } from '../../../src/shared/settings.ts';

test('what VS Code hands on unchecked becomes something that can be used', () => {
  assert.equal(usableSetting('sextant.runtime.threads', 512), 256);
  assert.equal(usableSetting('sextant.runtime.threads', -3), 0);
  assert.equal(usableSetting('sextant.runtime.threads', 2.6), 3);
  assert.equal(usableSetting('sextant.runtime.threads', '4'), 0);
  assert.equal(usableSetting('sextant.index.maxFileSizeKB', 0), 1);
  assert.equal(usableSetting('sextant.search.mode', 'hybird'), 'hybrid');
  assert.equal(usableSetting('sextant.remote.url', null), '');
  assert.deepEqual(usableSetting('sextant.index.exclude', ['a', 7, 'b']), ['a', 'b']);
  assert.deepEqual(usableSetting('sextant.index.exclude', 'a'), []);
  assert.equal(usableSetting('sextant.duplicates.threshold', 0.93), 0.93);
  for (const key of Object.keys(settings) as SettingKey[]) {
    assert.deepEqual(usableSetting(key, settings[key].default), settings[key].default, key);
  }
});
