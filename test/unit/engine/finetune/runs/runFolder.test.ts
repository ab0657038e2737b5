import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { RunFolder, type RunRecord } from '../../../../../src/engine/finetune/runs/runFolder.ts';
import { defaultFinetuneSettings } from '../../../../../src/shared/finetune.ts';
import { temporaryFolder } from '../../../../support/temporaryFolder.ts';

const record: RunRecord = {
  version: 1,
  id: 'a',
  root: 'file:///w',
  rootPath: '/w',
  rootName: 'w',
  createdAt: '2026-01-01T00:00:00.000Z',
  state: 'ready',
  base: { name: 'base', fingerprint: 'f', modelDir: '/m' },
  settings: defaultFinetuneSettings,
  pairs: 0,
  bySource: {},
  seconds: 0,
};

test('a run appears with all of its files, or not at all', async (context) => {
  const directory = temporaryFolder(context);
  const folder = new RunFolder(path.join(directory, 'a'));
  await folder.create((made) => {
    assert.deepEqual(RunFolder.all(directory), []);
    made.write(record);
  });
  assert.deepEqual(RunFolder.all(directory), [folder]);
  assert.deepEqual(folder.read(), record);
  const full = new Error('full');
  await assert.rejects(
    new RunFolder(path.join(directory, 'b')).create(() => Promise.reject(full)),
    full,
  );
  assert.deepEqual(fs.readdirSync(directory), ['a']);
  await folder.remove();
  assert.deepEqual(fs.readdirSync(directory), []);
});

test('what a killed process left of a run is removed once nobody can be at work on it', (context) => {
  const directory = temporaryFolder(context);
  for (const name of ['old.unfinished', 'new.unfinished', 'run']) fs.mkdirSync(path.join(directory, name));
  const before = new Date(Date.now() - 120_000);
  for (const name of ['old.unfinished', 'run']) fs.utimesSync(path.join(directory, name), before, before);
  RunFolder.removeLeftOver(directory);
  assert.deepEqual(fs.readdirSync(directory).sort(), ['new.unfinished', 'run']);
});

test('runs of earlier versions keep the settings that they were trained with', (context) => {
  const folder = new RunFolder(temporaryFolder(context));
  const later = ['scale', 'matryoshka', 'anchor'];
  const earlier = Object.entries(defaultFinetuneSettings).filter(([name]) => !later.includes(name));
  folder.writeJson('run.json', { ...record, settings: { ...Object.fromEntries(earlier), epochs: 5 } });
  assert.deepEqual(folder.read()?.settings, { ...defaultFinetuneSettings, epochs: 5 });
});

test('a run that is started anew keeps its pairs and its record, and nothing of an earlier try', async (context) => {
  const directory = temporaryFolder(context);
  const folder = new RunFolder(path.join(directory, 'a'));
  await folder.create((made) => made.write(record));
  fs.writeFileSync(folder.pairsFile, '');
  for (const name of ['corpus.json', 'curve.jsonl']) fs.writeFileSync(path.join(folder.folder, name), '{}');
  for (const name of ['checkpoint', 'checkpoint-adapted', 'model', 'model-adapted-1', 'fold-0'])
    fs.mkdirSync(path.join(folder.folder, name));
  folder.clearWork();
  assert.deepEqual(fs.readdirSync(folder.folder).sort(), ['pairs.jsonl', 'run.json']);
});
