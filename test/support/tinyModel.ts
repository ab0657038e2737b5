import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Tokenizer, whitespaceSplitPreTokenizer, WordLevel } from 'tokenizers';
import { referenceModel, safetensors } from '../unit/engine/runtime/referenceModel.ts';

const vocabulary = 97;

/** The files of a repository with a real model, 64 columns wide, as sentence-transformers publishes one. */
export function tinyModelFiles(name = 'modernbert-v5', pooling: 'cls' | 'mean' = 'cls'): Record<string, Buffer> {
  const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));
  return {
    ...tinyBaseFiles(name),
    'modules.json': json([
      { idx: 0, path: '', type: 'sentence_transformers.models.Transformer' },
      { idx: 1, path: '1_Pooling', type: 'sentence_transformers.models.Pooling' },
    ]),
    '1_Pooling/config.json': json({
      pooling_mode_cls_token: pooling === 'cls',
      pooling_mode_mean_tokens: pooling === 'mean',
    }),
    'config_sentence_transformers.json': json({ prompts: { query: 'ask: ', document: '' } }),
  };
}

/** The same without anything of sentence-transformers: a base to fine-tune. */
export function tinyBaseFiles(name = 'modernbert-v5'): Record<string, Buffer> {
  const model = referenceModel(name);
  return {
    '.gitattributes': Buffer.from('*.safetensors filter=lfs\n'),
    'README.md': Buffer.from('---\nlicense: apache-2.0\nlanguage: en\n---\n# Tiny\n'),
    'config.json': Buffer.from(JSON.stringify(model.config)),
    'tokenizer.json': tokenizer(),
    'model.safetensors': safetensors(model.tensors),
    'onnx/model.onnx': Buffer.alloc(100_000, 1),
  };
}

function tokenizer(): Buffer {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sextant-tokenizer-'));
  try {
    const words = Object.fromEntries(Array.from({ length: vocabulary }, (_, id) => [`w${id}`, id]));
    const built = new Tokenizer(WordLevel.init(words, { unkToken: 'w4' }));
    built.setPreTokenizer(whitespaceSplitPreTokenizer());
    const file = path.join(folder, 'tokenizer.json');
    built.save(file);
    return readFileSync(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
