import type { ModernBertConfig } from './modelConfig.ts';
import type { Network } from './network.ts';
import { NetworkBuilder, type TensorShapes } from './networkBuilder.ts';

/**
 * ModernBERT (Warner et al. 2024, “Smarter, Better, Faster, Longer”): pre-norm, rotary positions, GeGLU, and attention
 * to a window in most layers. The first layer has no attention norm, since the embeddings end in one.
 */
export function describeModernBert(config: ModernBertConfig, shapes: TensorShapes): Network {
  const { hiddenSize, intermediateSize, heads, normEpsilon, normBias } = config;
  const headSize = hiddenSize / heads;
  const builder = new NetworkBuilder(shapes, ['', 'model.'], 'embeddings.tok_embeddings.weight');
  const norm = (name: string, input: string, output: string): string =>
    builder.add({
      kind: 'norm',
      input,
      output,
      width: hiddenSize,
      ...builder.norm(name, hiddenSize, normEpsilon, normBias),
    });

  let hidden = builder.add({
    kind: 'embed',
    output: 'embeddings',
    width: hiddenSize,
    tokens: builder.weight('embeddings.tok_embeddings.weight', [config.vocabularySize, hiddenSize]),
    norm: builder.norm('embeddings.norm', hiddenSize, normEpsilon, normBias),
  });
  builder.hiddenState(hidden);

  config.layers.forEach(({ theta, window }, index) => {
    const at = `layers.${index}`;
    const qkv = builder.linear(`${at}.qkv`, {
      input: index === 0 ? hidden : norm(`${at}.attn_norm`, hidden, `${at}.attn_norm`),
      inputWidth: hiddenSize,
      modules: [`${at}.attn.Wqkv`],
      rows: 3 * hiddenSize,
      bias: config.attentionBias,
      parts: 3,
      epilogue: { kind: 'rotary', theta, headSize },
    });
    const attention = builder.add({
      kind: 'attention',
      input: qkv,
      output: `${at}.attention`,
      heads,
      headSize,
      scale: headSize ** -0.5,
      ...(window === undefined ? {} : { window }),
    });
    hidden = builder.linear(`${at}.attn_out`, {
      input: attention,
      inputWidth: hiddenSize,
      modules: [`${at}.attn.Wo`],
      rows: hiddenSize,
      bias: config.attentionBias,
      epilogue: { kind: 'residual', value: hidden },
    });
    const gated = builder.linear(`${at}.gated`, {
      input: norm(`${at}.mlp_norm`, hidden, `${at}.mlp_norm`),
      inputWidth: hiddenSize,
      modules: [`${at}.mlp.Wi`],
      rows: 2 * intermediateSize,
      bias: config.mlpBias,
      epilogue: { kind: 'gated', activation: config.activation },
    });
    hidden = builder.linear(`${at}.mlp_out`, {
      input: gated,
      inputWidth: intermediateSize,
      modules: [`${at}.mlp.Wo`],
      rows: hiddenSize,
      bias: config.mlpBias,
      epilogue: { kind: 'residual', value: hidden },
    });
    builder.hiddenState(hidden);
  });

  return builder.finish({
    architecture: 'modernbert',
    hiddenSize,
    vocabularySize: config.vocabularySize,
    maxTokens: config.maxTokens,
    lastHiddenState: norm('final_norm', hidden, 'last_hidden_state'),
  });
}
