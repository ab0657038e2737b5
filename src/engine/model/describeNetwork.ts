import { describeBert } from './bertFamily.ts';
import type { ModelConfig } from './modelConfig.ts';
import { describeModernBert } from './modernBert.ts';
import type { Network } from './network.ts';
import type { TensorShapes } from './networkBuilder.ts';

/**
 * The encoder a config describes, over the tensors a weights file has.
 * @throws SextantError `model_invalid` if a tensor is missing or of another shape.
 */
export function describeNetwork(config: ModelConfig, shapes: TensorShapes): Network {
  switch (config.family) {
    case 'modernbert':
      return describeModernBert(config, shapes);
    case 'bert':
    case 'roberta':
    case 'distilbert':
      return describeBert(config, shapes);
  }
}
