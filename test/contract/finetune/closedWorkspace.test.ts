import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Engine } from '../../../src/engine/engine.ts';
import { defaultEngineSettings } from '../../../src/shared/protocol.ts';
import { documentedWorkplace } from '../../support/documentedWorkplace.ts';
import { waitFor } from '../../support/waitFor.ts';

test('a workspace closed while its model is trained is missed in words, and the run goes on once it is open again', async (context) => {
  const { folder, home } = documentedWorkplace(context);
  const root = { uri: pathToFileURL(folder).href, path: folder, name: path.basename(folder) };
  const engine = new Engine({ storageDir: home, settings: defaultEngineSettings });
  context.after(() => engine.dispose());
  await engine.index(root, { fresh: false, embed: true });
  const { finetune } = engine;
  const { id } = await finetune.prepare(root.uri, ['doc'], new AbortController().signal);
  finetune.start(id, { epochs: 1, batchSize: 64 });
  await waitFor('a step', () => finetune.run(id).step > 0, 120_000);
  await engine.openRoots([]);
  const failed = await finetune.whenEnded(id);
  assert.deepEqual([failed.state, failed.error?.code], ['failed', 'not_found']);
  assert.match(failed.error?.message ?? '', /workspace was closed/);
  assert.match(failed.error?.hint ?? '', /Open it again/);

  await engine.index(root, { fresh: false, embed: true });
  const steps = failed.loss.length;
  finetune.start(id);
  const done = await finetune.whenEnded(id);
  assert.equal(done.state, 'done');
  assert.equal(done.loss.length, steps, 'nothing was trained twice');
  assert.equal(done.result?.queries, 60);
});
