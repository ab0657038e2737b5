import type { ModelConfig } from './modelConfig.ts';
import type { ClassificationNetwork, Network } from './network.ts';
import type { TensorShapes } from './networkBuilder.ts';
import { withTaskHead } from './taskHead.ts';

/**
 * Adds the sequence-classification head that transformers puts on each family.
 * @throws SextantError `model_invalid` if the weights hold no such head.
 */
export function withClassificationHead(
  network: Network,
  config: ModelConfig,
  shapes: TensorShapes,
): ClassificationNetwork {
  const classifier = withTaskHead('classify', network, config, shapes);
  return { ...classifier, labels: labelsOf(config, classifier.columns) };
}

/** Names of a head's classes; those that the config does not name are numbered as transformers does. */
export function labelsOf(config: ModelConfig, count: number): string[] {
  return Array.from({ length: count }, (_, index) => config.labels[index] ?? `LABEL_${index}`);
}
