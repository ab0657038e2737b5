import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Engine } from '../../../src/engine/engine.ts';
import { embeddedModelDirectory } from '../../../src/engine/paths.ts';
import { defaultEngineSettings } from '../../../src/shared/protocol.ts';
import type { SearchResponse } from '../../../src/shared/search.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

/** The embedded model under another name and with a prefix: the same numbers, another fingerprint. */
function otherModel(base: string): string {
  const folder = path.join(base, 'other-model');
  fs.cpSync(embeddedModelDirectory, folder, { recursive: true });
  const file = path.join(folder, 'sextant.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>;
  fs.writeFileSync(file, JSON.stringify({ ...manifest, name: 'other', prefixes: { query: 'q: ', document: 'd: ' } }));
  return folder;
}

test('a new model builds its index beside the old one, which answers until then; a broken one changes nothing', async (t) => {
  const base = temporaryFolder(t);
  const folder = path.join(base, 'workspace');
  fs.mkdirSync(folder);
  for (let i = 0; i < 20; i += 1) {
    fs.writeFileSync(
      path.join(folder, `part${i}.ts`),
      `/** Opens valve ${i}. */\nexport function openValve${i}() {}\n`,
    );
  }
  const engine = new Engine({ storageDir: path.join(base, 'store'), settings: defaultEngineSettings });
  t.after(() => engine.dispose());
  const search = (): Promise<SearchResponse> =>
    engine.search({ query: 'open the valve', mode: 'hybrid', limit: 3, filters: {} }, AbortSignal.timeout(20_000));
  await engine.openRoots([{ uri: pathToFileURL(folder).href, path: folder, name: 'workspace' }]);
  await engine.encoder();
  await engine.whenIdle();
  const before = await search();
  assert.deepEqual([before.mode, before.embeddedShare], ['hybrid', 1]);

  engine.pause();
  const switched = await engine.updateSettings({ ...defaultEngineSettings, modelPath: otherModel(base) });
  assert.equal(switched.model?.name, 'other');
  const meanwhile = await search();
  assert.deepEqual([meanwhile.mode, meanwhile.embeddedShare], ['hybrid', 1], 'the old generation serves');
  assert.deepEqual(
    meanwhile.results.map((result) => result.path),
    before.results.map((result) => result.path),
  );

  engine.resume();
  await engine.whenIdle();
  assert.deepEqual([(await search()).mode, (await search()).embeddedShare], ['hybrid', 1]);

  const broken = await engine.updateSettings({ ...defaultEngineSettings, modelPath: path.join(base, 'nothing') });
  assert.equal(broken.modelError?.code, 'model_missing');
  assert.equal((await search()).mode, 'hybrid', 'the last good model goes on serving');

  const back = await engine.updateSettings(defaultEngineSettings);
  assert.equal(back.modelError, undefined);
  await engine.whenIdle();
  assert.equal((await search()).mode, 'hybrid');
});
