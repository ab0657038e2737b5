import { SextantError } from '../../shared/errors.ts';
import type { ModelConfig } from './modelConfig.ts';
import type {
  Activation,
  ClassificationNetwork,
  LinearOperation,
  Network,
  NormWeights,
  Operation,
  Pooling,
} from './network.ts';
import type { TensorShapes } from './networkBuilder.ts';

/** A family's head: pooled row → dense layer → activation → (norm) → classifier. */
interface Head {
  readonly pooling: Pooling;
  readonly dense: string;
  readonly activation: Activation;
  readonly norm?: { readonly module: string; readonly epsilon: number };
  readonly classifier: string;
}

/**
 * Adds the sequence-classification head that transformers puts on each family.
 * @throws SextantError `model_invalid` if the weights hold no such head.
 */
export function withClassificationHead(
  network: Network,
  config: ModelConfig,
  shapes: TensorShapes,
): ClassificationNetwork {
  const head = headModules(config, shapes);
  const weights = new Map(network.weights);
  const width = network.hiddenSize;
  const named = (name: string, shape: readonly number[]): string => {
    const actual = shapes(name);
    if (actual === undefined || actual.join() !== shape.join()) {
      throw new SextantError(
        'model_invalid',
        `The model has no usable classification head: “${name}” is missing or of another shape.`,
      );
    }
    weights.set(name, shape);
    return name;
  };
  const linear = (module: string, input: string, output: string, rows: number): LinearOperation => ({
    kind: 'linear',
    input,
    output,
    inputWidth: width,
    outputWidth: rows,
    weights: [{ tensor: named(`${module}.weight`, [rows, width]), start: 0, count: rows }],
    // Whether a head has biases differs between configs of one family; the file knows.
    biases:
      shapes(`${module}.bias`) === undefined
        ? []
        : [{ tensor: named(`${module}.bias`, [rows]), start: 0, count: rows }],
  });
  const count = shapes(`${head.classifier}.weight`)?.[0] ?? 0;
  const dense = linear(head.dense, 'head.pooled', 'head.dense', width);
  const operations: Operation[] = [
    ...network.operations,
    { kind: 'pool', input: network.lastHiddenState, output: 'head.pooled', width, how: head.pooling },
    { ...dense, epilogue: { kind: 'activation', activation: head.activation } },
  ];
  if (head.norm !== undefined) {
    const { module, epsilon } = head.norm;
    const weight = named(`${module}.weight`, [width]);
    const bias = shapes(`${module}.bias`) === undefined ? {} : { bias: named(`${module}.bias`, [width]) };
    const norm: NormWeights = { weight, ...bias, epsilon };
    operations.push({ kind: 'norm', input: 'head.dense', output: 'head.norm', width, ...norm });
  }
  operations.push(linear(head.classifier, head.norm === undefined ? 'head.dense' : 'head.norm', 'logits', count));
  const labels = Array.from({ length: count }, (_, index) => config.labels[index] ?? `LABEL_${index}`);
  return { ...network, operations, weights, logits: 'logits', labels };
}

/** The modules of a family's head, by the names they have in its files. */
export function headModules(config: ModelConfig, shapes: TensorShapes): Head {
  switch (config.family) {
    case 'modernbert':
      return {
        pooling: config.classifierPooling,
        dense: 'head.dense',
        activation: config.classifierActivation,
        norm: { module: 'head.norm', epsilon: config.normEpsilon },
        classifier: 'classifier',
      };
    case 'bert': {
      const pooler = 'pooler.dense';
      const dense = shapes(`bert.${pooler}.weight`) === undefined ? pooler : `bert.${pooler}`;
      return { pooling: 'cls', dense, activation: 'tanh', classifier: 'classifier' };
    }
    case 'roberta':
      return { pooling: 'cls', dense: 'classifier.dense', activation: 'tanh', classifier: 'classifier.out_proj' };
    case 'distilbert':
      return { pooling: 'cls', dense: 'pre_classifier', activation: 'relu', classifier: 'classifier' };
  }
}
