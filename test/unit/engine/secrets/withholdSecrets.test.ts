import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { withoutSecrets } from '../../../../src/engine/secrets/withholdSecrets.ts';
import type { SearchResponse, SearchResult } from '../../../../src/shared/search.ts';
import { filesOfTellingName, plantedFiles } from '../../../support/plantedSecrets.ts';

function response(files: readonly { path: string; text: string }[]): SearchResponse {
  const results = files.map(({ path, text }, chunkId): SearchResult => ({
    root: 'file:///w',
    path,
    startLine: 1,
    endLine: text.split('\n').length,
    chunkId,
    language: 'plaintext',
    kind: 'block',
    symbol: '',
    signature: text.split('\n')[0]!,
    score: 1,
    signals: {},
    matches: text.split(/\s+/),
    text,
  }));
  const tookMs = { embed: 0, search: 0, total: 0 };
  return { query: 'password', mode: 'keyword', tookMs, results, more: false, embeddedShare: 1 };
}

const planted = [...plantedFiles(), ...filesOfTellingName()];

describe('an answer for a model elsewhere', () => {
  it('has no secret in it, but says where something was found', () => {
    const safe = withoutSecrets(response(planted), { withholdSecrets: true });
    assert.ok(planted.length >= 200);
    const text = JSON.stringify(safe);
    for (const { path, secret } of planted) assert.ok(!text.includes(secret), path);
    assert.deepEqual(
      safe.results.map(({ path }) => path),
      planted.map(({ path }) => path),
    );
    assert.ok(safe.results.every(({ withheld }) => withheld));
  });

  it('has ordinary code as it is', () => {
    const ordinary = response([
      { path: 'src/a.ts', text: 'export function open(password: string) {\n  return check(password);\n}' },
    ]);
    assert.deepEqual(withoutSecrets(ordinary, { withholdSecrets: true }), ordinary);
  });

  it('is all there for the user’s own eyes', () => {
    const own = response(planted);
    assert.equal(withoutSecrets(own, {}), own);
  });
});
