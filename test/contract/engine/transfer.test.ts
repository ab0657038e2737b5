import assert from 'node:assert/strict';
import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { EngineClient } from '../../../src/extension/engine/engineClient.ts';
import type { RootStatus } from '../../../src/shared/status.ts';
import { realEngine } from '../../support/realEngine.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { waitFor } from '../../support/waitFor.ts';

const fixture = path.join(import.meta.dirname, '..', '..', 'fixtures', 'workspace');

interface Window {
  readonly client: EngineClient;
  readonly folder: string;
  readonly uri: string;
  readonly status: () => Promise<RootStatus>;
  readonly complete: () => Promise<RootStatus>;
}

/** A window on a copy of the fixture, with storage of its own. */
async function openWindow(t: TestContext, { automatic }: { automatic: boolean }): Promise<Window> {
  const { client, home } = realEngine(t);
  process.env['SEXTANT_RUNTIME_DIR'] = path.join(home, 'run');
  const folder = path.join(home, 'workspace');
  await cp(fixture, folder, { recursive: true });
  const uri = pathToFileURL(folder).href;
  await client.setRoots([{ uri, path: folder, name: 'workspace', settings: { automatic } }]);
  client.start();
  const status = async (): Promise<RootStatus> => (await client.request('status', {})).roots[0]!;
  const complete = (): Promise<RootStatus> =>
    waitFor(
      'the index to be complete',
      async () => {
        const now = await status();
        return now.phase === 'ready' && now.chunks > 0 && now.embedded === now.chunks ? now : undefined;
      },
      90_000,
    );
  return { client, folder, uri, status, complete };
}

describe('an index between two windows', () => {
  test('is exported when it is complete, and searched at once where it is imported', async (t) => {
    const [home, clone] = [await openWindow(t, { automatic: true }), await openWindow(t, { automatic: false })];
    const file = path.join(temporaryFolder(t), 'team.sxt');
    const nothing = clone.client.request('exportIndex', { root: clone.uri, file });
    await assert.rejects(nothing, { code: 'index_missing' });
    const { chunks } = await home.complete();
    const exported = await home.client.request('exportIndex', { root: home.uri, file });
    assert.equal(exported.chunks, chunks);

    await writeFile(path.join(clone.folder, 'src', 'beacon.ts'), 'export function rotateLighthouseLamp() {}\n');
    const imported = await clone.client.request('importIndex', { root: clone.uri, file });
    assert.equal(imported.used, 'index');
    assert.ok((await clone.status()).embedded >= chunks, 'all of it is there before the folder is looked at');
    await clone.complete();
    const search = { query: 'how are sessions signed', mode: 'hybrid', limit: 10, filters: {} } as const;
    const places = async ({ client }: Window): Promise<string[]> =>
      (await client.request('search', search)).results.map((result) => `${result.path}:${result.startLine}`);
    assert.deepEqual(await places(clone), await places(home));
    const fresh = await clone.client.request('search', { ...search, query: 'rotateLighthouseLamp', mode: 'keyword' });
    assert.equal(fresh.results[0]?.path, 'src/beacon.ts');

    const again = await clone.client.request('importIndex', { root: clone.uri, file });
    assert.equal(again.used, 'embeddings');
    await clone.complete();
  });

  test('a damaged file is refused, and what is there goes on', async (t) => {
    const home = await openWindow(t, { automatic: true });
    const { chunks } = await home.complete();
    const file = path.join(temporaryFolder(t), 'team.sxt');
    await home.client.request('exportIndex', { root: home.uri, file });
    const whole = await readFile(file);
    await writeFile(file, whole.subarray(0, whole.length - 100));
    const refused = home.client.request('importIndex', { root: home.uri, file });
    await assert.rejects(refused, { code: 'invalid_argument', message: /damaged/ });
    const empty = await openWindow(t, { automatic: false });
    await assert.rejects(empty.client.request('importIndex', { root: empty.uri, file }), { code: 'invalid_argument' });
    assert.equal((await empty.status()).phase, 'ready');
    assert.equal((await home.complete()).chunks, chunks);
  });
});
