import { z } from 'zod';
import { SextantError } from '../../shared/errors.ts';
import type { Activation } from './network.ts';

interface EncoderConfig {
  readonly vocabularySize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly heads: number;
  readonly maxTokens: number;
  readonly normEpsilon: number;
  readonly activation: Activation;
  /** Names of the classes of a fine-tuned head, by index; empty without one. */
  readonly labels: readonly string[];
}

export interface ModernBertConfig extends EncoderConfig {
  readonly family: 'modernbert';
  readonly normBias: boolean;
  readonly attentionBias: boolean;
  readonly mlpBias: boolean;
  readonly classifierPooling: 'mean' | 'cls';
  readonly classifierActivation: Activation;
  /** Rotary base of each layer and how far it sees to each side; no window means all of the sequence. */
  readonly layers: readonly { readonly theta: number; readonly window?: number }[];
}

export interface BertConfig extends EncoderConfig {
  readonly family: 'bert' | 'roberta' | 'distilbert';
  readonly layerCount: number;
  readonly positions: number;
  /** Row of the position table which the first token reads. */
  readonly positionOffset: number;
  readonly types: number;
}

export type ModelConfig = ModernBertConfig | BertConfig;

// Well beyond every published encoder; what exceeds them is a damaged or hostile file, refused before any allocation.
const limits = {
  vocabulary: 2_000_000,
  hidden: 16_384,
  intermediate: 131_072,
  layers: 256,
  heads: 256,
  tokens: 131_072,
};

const size = (max: number) => z.number().int().min(1).max(max);
const theta = z.number().min(1).max(1e12);
const activationNames = {
  gelu: 'gelu',
  gelu_python: 'gelu',
  gelu_new: 'gelu_tanh',
  gelu_pytorch_tanh: 'gelu_tanh',
  gelu_fast: 'gelu_tanh',
  silu: 'silu',
  swish: 'silu',
  relu: 'relu',
} as const satisfies Record<string, Activation>;
const activation = z.enum(Object.keys(activationNames) as (keyof typeof activationNames)[]);
const labels = z.record(z.string(), z.string()).optional();

const ropeEntry = z.object({ rope_type: z.literal('default').optional(), rope_theta: theta.nullish() });
const layerTypes = ['full_attention', 'sliding_attention'] as const;

const modernBertSchema = z.object({
  vocab_size: size(limits.vocabulary),
  hidden_size: size(limits.hidden),
  intermediate_size: size(limits.intermediate),
  num_hidden_layers: size(limits.layers),
  num_attention_heads: size(limits.heads),
  max_position_embeddings: size(limits.tokens).default(8192),
  hidden_activation: activation.default('gelu'),
  norm_eps: z.number().min(1e-15).max(0.1).default(1e-5),
  norm_bias: z.boolean().default(false),
  attention_bias: z.boolean().default(false),
  mlp_bias: z.boolean().default(false),
  classifier_pooling: z.enum(['cls', 'mean']).default('cls'),
  classifier_activation: activation.default('gelu'),
  local_attention: size(2 * limits.tokens).default(128),
  // transformers 4 says how often a global layer comes, transformers 5 lists the layers.
  global_attn_every_n_layers: size(limits.layers).default(3),
  layer_types: z.array(z.enum(layerTypes)).optional(),
  global_rope_theta: theta.default(160_000),
  local_rope_theta: theta.nullable().default(10_000),
  rope_parameters: z.object({ full_attention: ropeEntry.nullish(), sliding_attention: ropeEntry.nullish() }).nullish(),
  rope_scaling: z.null().optional(),
  id2label: labels,
});

const bertSchema = z.object({
  vocab_size: size(limits.vocabulary),
  hidden_size: size(limits.hidden),
  intermediate_size: size(limits.intermediate),
  num_hidden_layers: size(limits.layers),
  num_attention_heads: size(limits.heads),
  max_position_embeddings: size(limits.tokens).default(512),
  type_vocab_size: size(64).default(2),
  hidden_act: activation.default('gelu'),
  layer_norm_eps: z.number().min(1e-15).max(0.1).default(1e-12),
  pad_token_id: z.number().int().min(0).max(limits.vocabulary).nullish(),
  position_embedding_type: z.literal('absolute').optional(),
  id2label: labels,
});

const distilBertSchema = z.object({
  vocab_size: size(limits.vocabulary),
  dim: size(limits.hidden),
  hidden_dim: size(limits.intermediate),
  n_layers: size(limits.layers),
  n_heads: size(limits.heads),
  max_position_embeddings: size(limits.tokens).default(512),
  activation: activation.default('gelu'),
  id2label: labels,
});

/**
 * Reads a Hugging Face `config.json`.
 * @throws SextantError `model_invalid` for an architecture we do not know or sizes that cannot be.
 */
export function parseModelConfig(json: unknown): ModelConfig {
  const { model_type: type } = checked(z.object({ model_type: z.string() }), json);
  const config = parsers.get(type)?.(json);
  if (config === undefined) {
    throw new SextantError('model_invalid', `Models of type “${type}” are not supported.`, {
      hint: `Supported types: ${[...parsers.keys()].join(', ')}.`,
    });
  }
  const headSize = config.hiddenSize / config.heads;
  if (!Number.isInteger(headSize) || headSize % 2 !== 0) {
    throw new SextantError(
      'model_invalid',
      `The model's config asks for ${config.heads} heads over ${config.hiddenSize} columns, which do not divide evenly.`,
    );
  }
  return config;
}

const parsers = new Map<string, (json: unknown) => ModelConfig>([
  ['modernbert', modernBertConfig],
  ['bert', (json) => bertConfig('bert', json)],
  ['roberta', (json) => bertConfig('roberta', json)],
  ['xlm-roberta', (json) => bertConfig('roberta', json)],
  ['camembert', (json) => bertConfig('roberta', json)],
  ['distilbert', distilBertConfig],
]);

/** `model_type` of every architecture that runs here. */
export const modelTypes: readonly string[] = [...parsers.keys()];

function modernBertConfig(json: unknown): ModernBertConfig {
  const raw = checked(modernBertSchema, json);
  const count = raw.num_hidden_layers;
  const types =
    raw.layer_types ??
    Array.from({ length: count }, (_, index) => layerTypes[index % raw.global_attn_every_n_layers === 0 ? 0 : 1]);
  if (types.length !== count) {
    throw new SextantError(
      'model_invalid',
      `The model's config lists ${types.length} layer types for ${count} layers.`,
    );
  }
  const globalTheta = raw.rope_parameters?.full_attention?.rope_theta ?? raw.global_rope_theta;
  const localTheta = raw.rope_parameters?.sliding_attention?.rope_theta ?? raw.local_rope_theta ?? globalTheta;
  return {
    family: 'modernbert',
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    heads: raw.num_attention_heads,
    maxTokens: raw.max_position_embeddings,
    normEpsilon: raw.norm_eps,
    normBias: raw.norm_bias,
    attentionBias: raw.attention_bias,
    mlpBias: raw.mlp_bias,
    classifierPooling: raw.classifier_pooling,
    classifierActivation: activationNames[raw.classifier_activation],
    activation: activationNames[raw.hidden_activation],
    labels: labelNames(raw.id2label),
    layers: types.map((type) =>
      type === 'full_attention'
        ? { theta: globalTheta }
        : { theta: localTheta, window: Math.floor(raw.local_attention / 2) },
    ),
  };
}

function bertConfig(family: 'bert' | 'roberta', json: unknown): BertConfig {
  const raw = checked(bertSchema, json);
  // RoBERTa counts positions from the padding token's id onwards, and the padding row itself is never read.
  const positionOffset = family === 'roberta' ? (raw.pad_token_id ?? 1) + 1 : 0;
  return {
    family,
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.hidden_size,
    intermediateSize: raw.intermediate_size,
    heads: raw.num_attention_heads,
    layerCount: raw.num_hidden_layers,
    positions: raw.max_position_embeddings,
    positionOffset,
    maxTokens: tokensLeft(raw.max_position_embeddings, positionOffset),
    types: raw.type_vocab_size,
    normEpsilon: raw.layer_norm_eps,
    activation: activationNames[raw.hidden_act],
    labels: labelNames(raw.id2label),
  };
}

function distilBertConfig(json: unknown): BertConfig {
  const raw = checked(distilBertSchema, json);
  return {
    family: 'distilbert',
    vocabularySize: raw.vocab_size,
    hiddenSize: raw.dim,
    intermediateSize: raw.hidden_dim,
    heads: raw.n_heads,
    layerCount: raw.n_layers,
    positions: raw.max_position_embeddings,
    positionOffset: 0,
    maxTokens: raw.max_position_embeddings,
    types: 0,
    normEpsilon: 1e-12,
    activation: activationNames[raw.activation],
    labels: labelNames(raw.id2label),
  };
}

function tokensLeft(positions: number, offset: number): number {
  if (offset < positions) return positions - offset;
  throw new SextantError('model_invalid', `The model's config leaves no positions: ${positions} rows from ${offset}.`);
}

function labelNames(map: Record<string, string> | undefined): string[] {
  const names = Object.entries(map ?? {}).sort(([a], [b]) => Number(a) - Number(b));
  return names.map(([, name]) => name);
}

function checked<Schema extends z.ZodType>(schema: Schema, json: unknown): z.infer<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SextantError(
    'model_invalid',
    `The model's config.json cannot be used: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}.`,
    { cause: result.error },
  );
}
