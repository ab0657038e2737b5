import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describeNetwork } from '../../src/engine/model/describeNetwork.ts';
import { parseModelConfig } from '../../src/engine/model/modelConfig.ts';
import { withEmbeddingHead } from '../../src/engine/model/network.ts';
import type { TensorInfo } from '../../src/engine/model/safetensors.ts';
import { planNetwork } from '../../src/engine/runtime/cuda/plan.ts';

/**
 * Writes the plans of the benchmark's shapes to `native/bench/plans`, so that a machine with a GPU and no Node can run them:
 * the config, the tensors in the order in which `bench.py` writes them with random weights, and the words of the plan.
 */
interface Shape {
  readonly hidden: number;
  readonly intermediate: number;
  readonly layers: number;
  readonly heads: number;
  readonly vocabulary: number;
  readonly pooling: 'mean' | 'cls';
  readonly globalEvery: number;
}

/** `tiny` is for a rehearsal of the benchmark in the emulation. */
export const shapes: Readonly<Record<string, Shape>> = {
  base: { hidden: 768, intermediate: 1152, layers: 22, heads: 12, vocabulary: 50_368, pooling: 'mean', globalEvery: 3 },
  large: {
    hidden: 1024,
    intermediate: 2624,
    layers: 28,
    heads: 16,
    vocabulary: 50_368,
    pooling: 'mean',
    globalEvery: 3,
  },
  'granite-small': {
    hidden: 384,
    intermediate: 1536,
    layers: 12,
    heads: 12,
    vocabulary: 50_368,
    pooling: 'cls',
    globalEvery: 3,
  },
  'embedded-default': {
    hidden: 384,
    intermediate: 384,
    layers: 2,
    heads: 6,
    vocabulary: 32_000,
    pooling: 'cls',
    globalEvery: 1,
  },
  tiny: { hidden: 64, intermediate: 96, layers: 3, heads: 2, vocabulary: 200, pooling: 'mean', globalEvery: 3 },
};

export interface BenchPlan {
  readonly config: Readonly<Record<string, unknown>>;
  readonly pooling: 'mean' | 'cls';
  readonly tensors: readonly (readonly [name: string, shape: readonly number[], offset: number])[];
  readonly words: readonly number[];
}

const tensorNames = (shape: Shape): [string, readonly number[]][] => {
  const { hidden, intermediate, layers, vocabulary } = shape;
  const layer = (index: number): [string, readonly number[]][] => [
    ...(index === 0 ? [] : [[`layers.${index}.attn_norm.weight`, [hidden]] as [string, readonly number[]]]),
    [`layers.${index}.attn.Wqkv.weight`, [3 * hidden, hidden]],
    [`layers.${index}.attn.Wo.weight`, [hidden, hidden]],
    [`layers.${index}.mlp_norm.weight`, [hidden]],
    [`layers.${index}.mlp.Wi.weight`, [2 * intermediate, hidden]],
    [`layers.${index}.mlp.Wo.weight`, [hidden, intermediate]],
  ];
  return [
    ['embeddings.tok_embeddings.weight', [vocabulary, hidden]],
    ['embeddings.norm.weight', [hidden]],
    ...Array.from({ length: layers }, (_, index) => layer(index)).flat(),
    ['final_norm.weight', [hidden]],
  ];
};

/** The plan of a shape over float32 weights that lie one after another from byte 0. */
export function benchPlan(shape: Shape): BenchPlan {
  const config = {
    model_type: 'modernbert',
    vocab_size: shape.vocabulary,
    hidden_size: shape.hidden,
    intermediate_size: shape.intermediate,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    global_attn_every_n_layers: shape.globalEvery,
    max_position_embeddings: 8192,
    local_attention: 128,
  };
  const tensors = new Map<string, TensorInfo>();
  let offset = 0;
  for (const [name, size] of tensorNames(shape)) {
    const bytes = 4 * size.reduce((a, b) => a * b, 1);
    tensors.set(name, { type: 'F32', shape: size, offset, bytes });
    offset += bytes;
  }
  const encoder = describeNetwork(parseModelConfig(config), (name) => tensors.get(name)?.shape);
  const network = withEmbeddingHead(encoder, shape.pooling, shape.hidden);
  const { words } = planNetwork(network, tensors, network.embedding);
  return {
    config,
    pooling: shape.pooling,
    tensors: [...tensors].map(([name, info]) => [name, info.shape, info.offset]),
    words: [...words],
  };
}

if (import.meta.main) {
  const folder = path.join(import.meta.dirname, 'plans');
  mkdirSync(folder, { recursive: true });
  for (const [name, shape] of Object.entries(shapes)) {
    writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(benchPlan(shape))}\n`);
  }
}
