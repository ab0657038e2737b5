import type { BertConfig } from './modelConfig.ts';
import type { Network } from './network.ts';
import { NetworkBuilder, type TensorShapes } from './networkBuilder.ts';

/** Where a family keeps the modules of a layer, below the layer's own name. */
interface Names {
  readonly prefixes: readonly string[];
  readonly layer: (index: number) => string;
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOut: string;
  readonly attentionNorm: string;
  readonly up: string;
  readonly down: string;
  readonly outputNorm: string;
}

const bertNames: Names = {
  prefixes: ['', 'bert.', 'roberta.'],
  layer: (index) => `encoder.layer.${index}`,
  query: 'attention.self.query',
  key: 'attention.self.key',
  value: 'attention.self.value',
  attentionOut: 'attention.output.dense',
  attentionNorm: 'attention.output.LayerNorm',
  up: 'intermediate.dense',
  down: 'output.dense',
  outputNorm: 'output.LayerNorm',
};

const distilBertNames: Names = {
  prefixes: ['', 'distilbert.'],
  layer: (index) => `transformer.layer.${index}`,
  query: 'attention.q_lin',
  key: 'attention.k_lin',
  value: 'attention.v_lin',
  attentionOut: 'attention.out_lin',
  attentionNorm: 'sa_layer_norm',
  up: 'ffn.lin1',
  down: 'ffn.lin2',
  outputNorm: 'output_layer_norm',
};

/**
 * BERT (Devlin et al. 2018), RoBERTa, XLM-RoBERTa and DistilBERT: learned positions, biases everywhere, a norm after each
 * residual, attention to the whole sequence. They differ in tensor names, token types and where positions start.
 */
export function describeBert(config: BertConfig, shapes: TensorShapes): Network {
  const { hiddenSize, intermediateSize, heads, normEpsilon } = config;
  const names = config.family === 'distilbert' ? distilBertNames : bertNames;
  const builder = new NetworkBuilder(shapes, names.prefixes, 'embeddings.word_embeddings.weight');
  const norm = (name: string, input: string, output: string): string =>
    builder.add({
      kind: 'norm',
      input,
      output,
      width: hiddenSize,
      ...builder.norm(name, hiddenSize, normEpsilon, true),
    });
  const table = (name: string, rows: number): string =>
    builder.weight(`embeddings.${name}_embeddings.weight`, [rows, hiddenSize]);

  let hidden = builder.add({
    kind: 'embed',
    output: 'embeddings',
    width: hiddenSize,
    tokens: table('word', config.vocabularySize),
    positions: { weight: table('position', config.positions), offset: config.positionOffset },
    ...(config.types === 0 ? {} : { types: table('token_type', config.types) }),
    norm: builder.norm('embeddings.LayerNorm', hiddenSize, normEpsilon, true),
  });
  builder.hiddenState(hidden);

  for (let index = 0; index < config.layerCount; index++) {
    const at = names.layer(index);
    const qkv = builder.linear(`${at}.qkv`, {
      input: hidden,
      inputWidth: hiddenSize,
      modules: [names.query, names.key, names.value].map((name) => `${at}.${name}`),
      rows: hiddenSize,
      bias: true,
      parts: 3,
    });
    const headSize = hiddenSize / heads;
    const attention = builder.add({
      kind: 'attention',
      input: qkv,
      output: `${at}.attention`,
      heads,
      headSize,
      scale: headSize ** -0.5,
    });
    const attended = builder.linear(`${at}.attn_out`, {
      input: attention,
      inputWidth: hiddenSize,
      modules: [`${at}.${names.attentionOut}`],
      rows: hiddenSize,
      bias: true,
      epilogue: { kind: 'residual', value: hidden },
    });
    const middle = norm(`${at}.${names.attentionNorm}`, attended, `${at}.attn_norm`);
    const up = builder.linear(`${at}.up`, {
      input: middle,
      inputWidth: hiddenSize,
      modules: [`${at}.${names.up}`],
      rows: intermediateSize,
      bias: true,
      epilogue: { kind: 'activation', activation: config.activation },
    });
    const down = builder.linear(`${at}.down`, {
      input: up,
      inputWidth: intermediateSize,
      modules: [`${at}.${names.down}`],
      rows: hiddenSize,
      bias: true,
      epilogue: { kind: 'residual', value: middle },
    });
    hidden = builder.hiddenState(norm(`${at}.${names.outputNorm}`, down, `${at}.output`));
  }

  return builder.finish({
    architecture: config.family,
    hiddenSize,
    vocabularySize: config.vocabularySize,
    maxTokens: config.maxTokens,
    lastHiddenState: hidden,
  });
}
