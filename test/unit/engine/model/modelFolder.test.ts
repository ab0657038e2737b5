import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import test from 'node:test';
import { readModelFolder, type ModelFolder } from '../../../../src/engine/model/modelFolder.ts';
import { SextantError, type ErrorCode } from '../../../../src/shared/errors.ts';
import { referenceModel, writeModelFolder } from '../runtime/referenceModel.ts';

const reference = referenceModel('distilbert');

/** Reads a model folder that holds these JSON files besides weights, config and tokenizer. */
async function read(files: Record<string, unknown>): Promise<ModelFolder> {
  using written = writeModelFolder(reference);
  for (const [name, json] of Object.entries({ 'tokenizer.json': {}, ...files })) {
    const file = path.join(written.folder, name);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, typeof json === 'string' ? json : JSON.stringify(json));
  }
  return await readModelFolder(written.folder);
}

async function refuses(files: Record<string, unknown>, code: ErrorCode, what: RegExp): Promise<void> {
  await assert.rejects(read(files), (error) => {
    assert.ok(error instanceof SextantError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, what);
    return true;
  });
}

test('sextant.json decides pooling, prefixes, dimension and length', async () => {
  const prefixes = { query: 'q: ', document: 'd: ' };
  const model = await read({
    'sextant.json': {
      name: 'small',
      pooling: 'cls',
      prefixes,
      dimension: 32,
      maxTokens: 100,
      license: 'MIT',
      version: '1.0.0',
    },
  });
  assert.deepEqual(
    [model.name, model.license, model.pooling, model.prefixes, model.dimension, model.maxTokens],
    ['small', 'MIT', 'cls', prefixes, 32, 100],
  );
});

test('without it, the files of sentence-transformers do', async () => {
  const model = await read({
    'modules.json': [
      { idx: 0, path: '', type: 'sentence_transformers.models.Transformer' },
      { idx: 1, path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
      { idx: 2, path: '2_Normalize', type: 'sentence_transformers.models.Normalize' },
    ],
    '1_Pooling/config.json': {
      word_embedding_dimension: 64,
      pooling_mode_cls_token: true,
      pooling_mode_mean_tokens: false,
    },
    'config_sentence_transformers.json': { prompts: { query: 'search_query: ', passage: 'search_document: ' } },
    'sentence_bert_config.json': { max_seq_length: 120, do_lower_case: false },
  });
  assert.deepEqual(
    [model.pooling, model.prefixes, model.dimension, model.maxTokens],
    ['cls', { query: 'search_query: ', document: 'search_document: ' }, 64, 120],
  );
});

test('a bare encoder is pooled by the mean over what its positions reach', async () => {
  const model = await read({});
  assert.deepEqual([model.pooling, model.prefixes, model.maxTokens], ['mean', { query: '', document: '' }, 140]);
});

test('the fingerprint covers what decides an embedding and nothing else', async () => {
  const base = { name: 'a', pooling: 'mean' };
  const { fingerprint } = await read({ 'sextant.json': base });
  assert.match(fingerprint, /^[0-9a-f]{64}$/);
  assert.equal((await read({ 'sextant.json': { ...base, name: 'b', license: 'MIT' } })).fingerprint, fingerprint);
  const changed = [
    { 'sextant.json': { ...base, pooling: 'cls' } },
    { 'sextant.json': { ...base, prefixes: { query: 'q ' } } },
    { 'sextant.json': { ...base, dimension: 32 } },
    { 'sextant.json': { ...base, maxTokens: 64 } },
    { 'sextant.json': base, 'tokenizer.json': { version: '1.0' } },
    { 'sextant.json': base, 'config.json': { ...reference.config, activation: 'relu' } },
  ];
  const all = await Promise.all(changed.map(async (files) => (await read(files)).fingerprint));
  assert.equal(new Set([fingerprint, ...all]).size, changed.length + 1);
});

test('a model that cannot be right is refused', async () => {
  await refuses({ 'sextant.json': '{' }, 'model_invalid', /sextant\.json is not valid JSON/);
  await refuses({ 'sextant.json': { name: 'a', pooling: 'max' } }, 'model_invalid', /pooling/);
  await refuses({ 'sextant.json': { name: 'a', pooling: 'mean', dimension: 65 } }, 'model_invalid', /64 columns/);
  await refuses({ '1_Pooling/config.json': { pooling_mode_max_tokens: true } }, 'model_invalid', /“max”/);
  await refuses(
    { 'modules.json': [{ path: '2_Dense', type: 'sentence_transformers.models.Dense' }] },
    'model_invalid',
    /Dense/,
  );
  await refuses({ 'config.json': { ...reference.config, hidden_dim: 100 } }, 'model_invalid', /shape/);
  await refuses({ 'config.json': { ...reference.config, n_layers: 3 } }, 'model_invalid', /lack/);
  const files = { 'model.safetensors': { sha256: 'a'.repeat(64), bytes: 3 } };
  await refuses({ 'sextant.json': { name: 'a', pooling: 'mean', files } }, 'model_invalid', /model\.safetensors/);
  await assert.rejects(readModelFolder('/nowhere/at/all'), { code: 'model_missing' });
});

test('a configuration of many megabytes is not read', async () => {
  await refuses({ 'config.json': ' '.repeat(17 * 1024 * 1024) }, 'model_invalid', /config\.json cannot be read/);
});
