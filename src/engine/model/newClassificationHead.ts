import { headModules } from './headModules.ts';
import type { ModelFolder } from './modelFolder.ts';
import { NewHeadTensors, type NewTensor } from './newHeadTensors.ts';

export interface NewHead {
  /** The tensors that the model lacks, with first values. */
  readonly tensors: ReadonlyMap<string, NewTensor>;
  /** What transformers puts in front of the encoder's tensors where there is a head. */
  readonly prefix: string;
  /** Name of the class in transformers. */
  readonly architecture: string;
}

const families = {
  modernbert: { prefix: 'model.', architecture: 'ModernBertForSequenceClassification' },
  bert: { prefix: 'bert.', architecture: 'BertForSequenceClassification' },
  roberta: { prefix: 'roberta.', architecture: 'RobertaForSequenceClassification' },
  distilbert: { prefix: 'distilbert.', architecture: 'DistilBertForSequenceClassification' },
} as const;

/** What a model needs to sort texts under these labels; layers that it has already stay, the last one only if its labels are these. */
export function newClassificationHead(model: ModelFolder, labels: readonly string[], seed: number): NewHead {
  const { config, weights, encoder } = model;
  const shapes = (name: string): readonly number[] | undefined => weights.tensors.get(name)?.shape;
  const head = new NewHeadTensors(shapes, encoder.hiddenSize, seed);
  const { dense, norm, weight: last } = headModules('classify', config, shapes) ?? { weight: [] };
  // ModernBERT's dense layer has no bias unless its config says so, which checkpoints in use never do.
  if (dense !== undefined && !head.has(dense.module)) {
    head.linear(dense.module, encoder.hiddenSize, config.family !== 'modernbert');
  }
  if (norm !== undefined && !head.has(norm.module)) head.norm(norm.module, false);
  const [classifier = ''] = last;
  if (config.labels.join('\n') !== labels.join('\n') || shapes(classifier)?.[0] !== labels.length) {
    head.linear(classifier.replace(/\.weight$/, ''), labels.length, true);
  }
  return { tensors: head.tensors, ...families[config.family] };
}
