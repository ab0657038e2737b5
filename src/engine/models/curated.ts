import type { Pooling } from '../model/network.ts';
import type { CuratedModel } from '../../shared/models.ts';

export interface CuratedEntry extends CuratedModel {
  /** How a token matrix becomes one vector; absent for bases, whose repositories say nothing about it. */
  readonly pooling?: Pooling;
  readonly prefixes?: { readonly query: string; readonly document: string };
  /** Shorter dimensions it was trained for. */
  readonly matryoshka?: readonly number[];
}

const none = { query: '', document: '' };

/**
 * Models that run here and are worth a download. What is stated is checked against each repository's own files at
 * install; where they disagree the repository is believed and the difference is told.
 */
export const curatedModels: readonly CuratedEntry[] = [
  {
    repository: 'Alibaba-NLP/gte-modernbert-base',
    purpose: 'embedding',
    parameters: 149,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'The best code retrieval of its size; up to 8,192 tokens.',
    pooling: 'cls',
    prefixes: none,
  },
  {
    repository: 'ibm-granite/granite-embedding-english-r2',
    purpose: 'embedding',
    parameters: 149,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'Text, code and tables; trained on data cleared for business use.',
    pooling: 'cls',
    prefixes: none,
  },
  {
    repository: 'ibm-granite/granite-embedding-small-english-r2',
    purpose: 'embedding',
    parameters: 47.7,
    dimension: 384,
    license: 'apache-2.0',
    summary: 'A third of the size, for machines without a GPU.',
    pooling: 'cls',
    prefixes: none,
  },
  {
    repository: 'nomic-ai/modernbert-embed-base',
    purpose: 'embedding',
    parameters: 149,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'Prefixes for questions and documents; may be cut to 256 dimensions.',
    pooling: 'mean',
    prefixes: { query: 'search_query: ', document: 'search_document: ' },
    matryoshka: [768, 256],
  },
  {
    repository: 'ibm-granite/granite-embedding-97m-multilingual-r2',
    purpose: 'embedding',
    parameters: 97,
    dimension: 384,
    license: 'apache-2.0',
    summary: 'Many languages, small.',
    pooling: 'cls',
    prefixes: none,
  },
  {
    repository: 'ibm-granite/granite-embedding-311m-multilingual-r2',
    purpose: 'embedding',
    parameters: 312,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'Many languages, for machines with a GPU.',
    pooling: 'cls',
    prefixes: none,
  },
  ...[
    { repository: 'jhu-clsp/ettin-encoder-17m', parameters: 17, dimension: 256 },
    { repository: 'jhu-clsp/ettin-encoder-32m', parameters: 32, dimension: 384 },
    { repository: 'jhu-clsp/ettin-encoder-68m', parameters: 68, dimension: 512 },
    { repository: 'jhu-clsp/ettin-encoder-150m', parameters: 150, dimension: 768 },
  ].map((shape) => base({ ...shape, license: 'mit', summary: 'ModernBERT encoder to fine-tune.' })),
  base({
    repository: 'answerdotai/ModernBERT-base',
    parameters: 149,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'The original ModernBERT, to fine-tune.',
  }),
  base({
    repository: 'answerdotai/ModernBERT-large',
    parameters: 395,
    dimension: 1024,
    license: 'apache-2.0',
    summary: 'The large ModernBERT, to fine-tune; for machines with a GPU.',
  }),
  base({
    repository: 'google-bert/bert-base-chinese',
    parameters: 103,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'BERT for Chinese, to fine-tune.',
  }),
  base({
    repository: 'google-bert/bert-base-multilingual-cased',
    parameters: 179,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'BERT for 104 languages, to fine-tune.',
  }),
  base({
    repository: 'FacebookAI/roberta-base',
    parameters: 125,
    dimension: 768,
    license: 'mit',
    summary: 'RoBERTa, to fine-tune.',
  }),
  base({
    repository: 'distilbert/distilroberta-base',
    parameters: 82.8,
    dimension: 768,
    license: 'apache-2.0',
    summary: 'RoBERTa with half of the layers, to fine-tune.',
  }),
];

function base(model: Omit<CuratedModel, 'purpose'>): CuratedEntry {
  return { ...model, purpose: 'base' };
}

/** Repository names are compared without case, as the hub does. */
export function curatedModel(repository: string): CuratedEntry | undefined {
  const wanted = repository.toLowerCase();
  return curatedModels.find((model) => model.repository.toLowerCase() === wanted);
}
