import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Engine } from '../../../src/engine/engine.ts';
import { RunFolder, type RunRecord } from '../../../src/engine/finetune/runs/runFolder.ts';
import { embeddedModelDirectory } from '../../../src/engine/paths.ts';
import { smallModelSettings, type FinetuneResult } from '../../../src/shared/finetune.ts';
import { defaultEngineSettings } from '../../../src/shared/protocol.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

const scores = { ndcg10: 0.5, mrr10: 0.5, recall10: 0.5 };
const better: FinetuneResult = {
  before: scores,
  after: { ...scores, ndcg10: 0.6 },
  search: { before: scores, after: scores },
  guard: { before: 0.7, after: 0.7 },
  bySource: [],
  queries: 100,
  moved: [],
  verdict: 'better',
  reason: 'Better.',
  crossValidated: false,
};

/** The embedded model under another name and another fingerprint. */
function writeTunedModel(folder: string): void {
  fs.cpSync(embeddedModelDirectory, folder, { recursive: true });
  const file = path.join(folder, 'sextant.json');
  const manifest = JSON.parse(fs.readFileSync(file, 'utf8')) as object;
  fs.writeFileSync(file, JSON.stringify({ ...manifest, name: 'tuned', maxTokens: 500 }));
}

test('a promoted model serves its root alone, through a new generation, until it is rolled back', async (context) => {
  const base = temporaryFolder(context);
  const [mine, other] = ['mine', 'other'].map((name) => {
    const folder = path.join(base, name);
    fs.mkdirSync(folder);
    fs.writeFileSync(
      path.join(folder, 'a.ts'),
      'export function openDoor(key: string) {\n  return key.length > 3;\n}\n',
    );
    return { uri: pathToFileURL(folder).href, path: folder, name };
  });
  const engine = new Engine({ storageDir: path.join(base, 'home'), settings: defaultEngineSettings });
  context.after(() => engine.dispose());
  const index = async (root: typeof mine) => (await engine.index(root!, { fresh: false, embed: true })).model;
  assert.equal(await index(mine), 'sextant-embed-small');
  const run = await engine.finetune
    .prepare(mine!.uri, ['name'], new AbortController().signal)
    .catch((error: unknown) => error);
  assert.ok(run instanceof Error, 'one function makes no pairs');
  const folder = new RunFolder(path.join(base, 'home', 'finetune', '2026-01-01-abc'));
  const record: RunRecord = {
    version: 1,
    id: '2026-01-01-abc',
    root: mine!.uri,
    rootPath: mine!.path,
    rootName: 'mine',
    createdAt: '2026-01-01T00:00:00.000Z',
    state: 'done',
    base: { name: 'sextant-embed-small', fingerprint: 'f', modelDir: embeddedModelDirectory },
    settings: smallModelSettings,
    pairs: 0,
    bySource: {},
    seconds: 1,
    result: { ...better, verdict: 'not_better' },
  };
  await folder.create((made) => made.write(record));
  writeTunedModel(folder.modelDir);
  await assert.rejects(engine.finetune.promote(record.id), { code: 'invalid_argument' });
  folder.write({ ...record, result: better });
  assert.equal((await engine.finetune.promote(record.id)).promoted, true);
  assert.equal(await index(mine), 'tuned');
  const request = { query: 'unlock something', mode: 'semantic' as const, limit: 3, filters: {}, roots: [mine!.uri] };
  const found = await engine.search(request, new AbortController().signal);
  assert.deepEqual([found.mode, found.results[0]?.path], ['semantic', 'a.ts']);
  assert.equal(await index(other), 'sextant-embed-small');
  await engine.finetune.rollback(mine!.uri);
  assert.equal(engine.finetune.run(record.id).promoted, false);
  assert.equal(await index(mine), 'sextant-embed-small');
});
