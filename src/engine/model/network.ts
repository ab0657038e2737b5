/**
 * The one description of a network: fused operations over packed tokens. `T` tokens of `B` sequences lie one after
 * another in `input_ids [T]`; sequence `b` is rows `cu_seqlens[b]` to `cu_seqlens[b + 1]`. There is no padding anywhere.
 * Executors run this list in order; every value is a matrix of float rows, named by the operation that makes it.
 */
export interface Network {
  readonly architecture: string;
  readonly hiddenSize: number;
  readonly vocabularySize: number;
  /** Longest sequence the position encoding reaches. */
  readonly maxTokens: number;
  readonly operations: readonly Operation[];
  /** Every tensor the operations name, with the shape it must have. */
  readonly weights: ReadonlyMap<string, readonly number[]>;
  /** The value after the last layer, `[T, hiddenSize]`. */
  readonly lastHiddenState: string;
  /** The value after the embeddings and after each layer, `[T, hiddenSize]` each. */
  readonly hiddenStates: readonly string[];
}

export type Operation =
  EmbedOperation | NormOperation | LinearOperation | AttentionOperation | PoolOperation | NormalizeOperation;

/** `gelu` is the exact one, `x · Φ(x)`; `gelu_tanh` its tanh approximation. */
export type Activation = 'gelu' | 'gelu_tanh' | 'silu' | 'relu' | 'tanh';

export interface NormWeights {
  readonly weight: string;
  readonly bias?: string;
  readonly epsilon: number;
}

/** Sum of embedding rows, then a norm: `[T]` → `[T, width]`. */
export interface EmbedOperation {
  readonly kind: 'embed';
  readonly output: string;
  readonly width: number;
  /** Tensor `[vocabularySize, width]` read by token id. */
  readonly tokens: string;
  /** Learned positions: row `offset + i` for the `i`-th token of its sequence. */
  readonly positions?: { readonly weight: string; readonly offset: number };
  /** Token types; without pairs every token is of type 0. */
  readonly types?: string;
  readonly norm?: NormWeights;
}

/** LayerNorm over the columns: `[R, width]` → `[R, width]`. */
export interface NormOperation extends NormWeights {
  readonly kind: 'norm';
  readonly input: string;
  readonly output: string;
  readonly width: number;
}

export type Epilogue =
  /** Adds another value of the output's shape. */
  | { readonly kind: 'residual'; readonly value: string }
  | { readonly kind: 'activation'; readonly activation: Activation }
  /** Halves the output: activation of the first half of the columns, times the second half (GeGLU with GELU). */
  | { readonly kind: 'gated'; readonly activation: Activation }
  /**
   * The output has parts q|k|v or k|v, of which all but the last turn by the token's position in its own sequence.
   * Split-half rotary embedding (Su et al. 2021, in GPT-NeoX's order): within a head, column `i` pairs with
   * `i + headSize / 2`, angle `position · theta^(-2i / headSize)`.
   */
  | { readonly kind: 'rotary'; readonly theta: number; readonly headSize: number };

/** Rows `start` to `start + count` of a tensor. */
export interface TensorRows {
  readonly tensor: string;
  readonly start: number;
  readonly count: number;
}

/** `x · Wᵀ + b`, then the epilogue. */
export interface LinearOperation {
  readonly kind: 'linear';
  readonly input: string;
  readonly output: string;
  readonly inputWidth: number;
  /** Columns before a gated epilogue, which halves them. */
  readonly outputWidth: number;
  /** Rows of tensors `[rows, inputWidth]`, stacked to `[outputWidth, inputWidth]`. */
  readonly weights: readonly TensorRows[];
  /** The same rows of tensors `[rows]`, or none at all. */
  readonly biases: readonly TensorRows[];
  /** Equal blocks of columns, which attention reads as q|k|v or k|v; 1 if it is not said. */
  readonly parts?: 2 | 3;
  readonly epilogue?: Epilogue;
}

/** `softmax(q kᵀ · scale) v` within each sequence and head: q|k|v `[T, 3 · heads · headSize]` → `[T, heads · headSize]`. */
export interface AttentionOperation {
  readonly kind: 'attention';
  readonly input: string;
  readonly output: string;
  readonly heads: number;
  readonly headSize: number;
  readonly scale: number;
  /**
   * Queries of the first tokens alone, `[B, heads · headSize]`: then the input is k|v and the output has one row for each
   * sequence, see `firstTokenOnly`.
   */
  readonly query?: string;
  /** Token i sees token j if `|i - j| <= window`; without it, all of its sequence. */
  readonly window?: number;
}

/** One row a sequence: `[T, width]` → `[B, width]`. */
export interface PoolOperation {
  readonly kind: 'pool';
  readonly input: string;
  readonly output: string;
  readonly width: number;
  readonly how: Pooling;
}
export type Pooling = 'mean' | 'cls';

/** Keeps the first `dimension` columns and scales each row to length 1: `[B, width]` → `[B, dimension]`. */
export interface NormalizeOperation {
  readonly kind: 'normalize';
  readonly input: string;
  readonly output: string;
  readonly width: number;
  readonly dimension: number;
}

/** A network whose last operations make one embedding `[B, dimension]` a sequence. */
export interface EmbeddingNetwork extends Network {
  readonly embedding: string;
  readonly dimension: number;
}

/** Adds pooling and L2 normalisation to an encoder; `dimension` may cut a Matryoshka embedding short. */
export function withEmbeddingHead(network: Network, pooling: Pooling, dimension: number): EmbeddingNetwork {
  const width = network.hiddenSize;
  return {
    ...network,
    operations: [
      ...network.operations,
      { kind: 'pool', input: network.lastHiddenState, output: 'pooled', width, how: pooling },
      { kind: 'normalize', input: 'pooled', output: 'embedding', width, dimension },
    ],
    embedding: 'embedding',
    dimension,
  };
}

/** A network whose last operations make a row of logits `[B, labels]` a sequence. */
export interface ClassificationNetwork extends Network {
  readonly logits: string;
  readonly labels: readonly string[];
}
