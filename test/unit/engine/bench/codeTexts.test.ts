import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { codeTexts } from '../../../../src/engine/bench/codeTexts.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

const fixture = path.join(import.meta.dirname, '..', '..', '..', 'fixtures', 'workspace');

test('texts are the same in every run, as many as were asked for, and of the folder', async () => {
  const texts = await codeTexts(fixture, 300);
  assert.equal(texts.length, 300);
  assert.deepEqual(await codeTexts(fixture, 300), texts);
  assert.ok(texts.some((text) => text.startsWith('src/auth/session.ts')));
});

test('a folder without code is an error', async (t) => {
  await assert.rejects(codeTexts(temporaryFolder(t), 10), { code: 'not_found' });
});
