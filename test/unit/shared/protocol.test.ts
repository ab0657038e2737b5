import assert from 'node:assert/strict';
import { test } from 'node:test';
import { defaultEngineSettings, engineRequests, engineSettingsSchema } from '../../../src/shared/protocol.ts';
import { settings } from '../../../src/shared/settings.ts';

test('the engine’s defaults are valid and equal the settings’', () => {
  assert.deepEqual(engineSettingsSchema.parse(defaultEngineSettings), defaultEngineSettings);
  assert.equal(defaultEngineSettings.maxFileSizeBytes, settings['sextant.index.maxFileSizeKB'].default * 1024);
  assert.equal(defaultEngineSettings.useGitignore, settings['sextant.index.useIgnoreFiles'].default);
  assert.equal(defaultEngineSettings.backend, settings['sextant.runtime.backend'].default);
  assert.equal(defaultEngineSettings.threads, settings['sextant.runtime.threads'].default);
  assert.equal(defaultEngineSettings.modelPath, settings['sextant.model.path'].default);
});

test('requests that make no sense are refused', () => {
  const root = 'file:///w';
  const location = { root, path: 'a.ts', startLine: 1, endLine: 2 };
  const search = { query: 'q', mode: 'hybrid', limit: 10, filters: {} };
  const refused: [keyof typeof engineRequests, unknown][] = [
    ['search', { ...search, mode: 'psychic' }],
    ['search', { ...search, limit: 0 }],
    ['search', { ...search, offset: -1 }],
    ['search', { ...search, filters: { kinds: ['spell'] } }],
    ['similar', { location: { ...location, startLine: 0 }, limit: 10, filters: {} }],
    ['duplicates', { threshold: 0 }],
    ['duplicates', { threshold: 1.01 }],
    ['openRoots', { roots: [{ uri: root }] }],
    ['openRoots', { roots: [{ uri: root, path: '/w', name: 'w', settings: { maxFileSizeBytes: 0 } }] }],
    ['initialize', { protocolVersion: 1, storageDir: '/s' }],
  ];
  for (const [method, params] of refused) {
    assert.equal(engineRequests[method].safeParse(params).success, false, JSON.stringify([method, params]));
  }
  assert.equal(engineRequests.search.safeParse(search).success, true);
  assert.equal(engineRequests.similar.safeParse({ location, limit: 10, filters: {} }).success, true);
});
