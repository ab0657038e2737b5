import { SeededRandom } from '../bench/seededRandom.ts';
import { headModules } from './headModules.ts';
import type { ModelFolder } from './modelFolder.ts';

export interface NewHead {
  /** The tensors that the model lacks, with first values. */
  readonly tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
  /** What transformers puts in front of the encoder's tensors where there is a head. */
  readonly prefix: string;
  /** Name of the class in transformers. */
  readonly architecture: string;
}

/** Spread of new weights, as BERT's authors chose it; transformers calls it `initializer_range`. */
const spread = 0.02;

const families = {
  modernbert: { prefix: 'model.', architecture: 'ModernBertForSequenceClassification' },
  bert: { prefix: 'bert.', architecture: 'BertForSequenceClassification' },
  roberta: { prefix: 'roberta.', architecture: 'RobertaForSequenceClassification' },
  distilbert: { prefix: 'distilbert.', architecture: 'DistilBertForSequenceClassification' },
} as const;

/** What a model needs to sort texts under these labels; layers that it has already stay, the last one only if its labels are these. */
export function newClassificationHead(model: ModelFolder, labels: readonly string[], seed: number): NewHead {
  const { config, weights, encoder } = model;
  const width = encoder.hiddenSize;
  const random = new SeededRandom(seed);
  const tensors = new Map<string, { shape: readonly number[]; data: Float32Array }>();
  const shapes = (name: string): readonly number[] | undefined => weights.tensors.get(name)?.shape;
  const add = (name: string, shape: readonly number[], value: () => number): void => {
    tensors.set(name, { shape, data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, value) });
  };
  const linear = (module: string, rows: number, bias: boolean): void => {
    add(`${module}.weight`, [rows, width], () => spread * random.gaussian());
    if (bias) add(`${module}.bias`, [rows], () => 0);
  };
  const { dense, norm, weight: last } = headModules('classify', config, shapes) ?? { weight: [] };
  // ModernBERT's dense layer has no bias unless its config says so, which checkpoints in use never do.
  if (dense !== undefined && shapes(`${dense.module}.weight`) === undefined) {
    linear(dense.module, width, config.family !== 'modernbert');
  }
  if (norm !== undefined && shapes(`${norm.module}.weight`) === undefined)
    add(`${norm.module}.weight`, [width], () => 1);
  const [classifier = ''] = last;
  if (config.labels.join('\n') !== labels.join('\n') || shapes(classifier)?.[0] !== labels.length) {
    linear(classifier.replace(/\.weight$/, ''), labels.length, true);
  }
  return { tensors, ...families[config.family] };
}
