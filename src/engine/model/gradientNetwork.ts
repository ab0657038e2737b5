import type {
  AttentionOperation,
  Epilogue,
  LinearOperation,
  Network,
  NormalizeOperation,
  NormWeights,
  Operation,
  Pooling,
} from './network.ts';

/**
 * A network with its gradient, in one list of operations over the same packed tokens: first the forward operations, then
 * their rules backwards. The gradient of a value has the value's shape and parts.
 */
export interface GradientNetwork {
  readonly network: TrainableNetwork;
  readonly operations: readonly (Operation | GradientOperation)[];
  /** What a run gives back: the value whose gradient is fed in, or the loss that is computed from it. */
  readonly result: string;
  /** Name under which the operations read the gradient that is fed in; absent where a loss among them makes it. */
  readonly seed?: string;
  /** Gradients of the embedding rows that were read, one row a token, to be added up by whoever holds the tables. */
  readonly rows: readonly RowGradient[];
}

/** What can be trained: a network that may read some of its tokens only. */
export interface TrainableNetwork extends Pick<Network, 'weights'> {
  readonly operations: readonly (Operation | SelectOperation)[];
}

/** Which row of a table each token read: by its id, its position plus `offset`, or its type. */
export type RowIndex =
  { readonly by: 'token' } | { readonly by: 'position'; readonly offset: number } | { readonly by: 'type' };

export interface RowGradient {
  readonly tensor: string;
  readonly index: RowIndex;
  /** The value `[T, width]` that holds the gradient. */
  readonly gradient: string;
}

export type GradientOperation =
  | SelectOperation
  | CrossEntropyOperation
  | SelectGradient
  | ActivateOperation
  | ActivateGradient
  | LinearInputGradient
  | LinearWeightGradient
  | RotateGradient
  | NormInputGradient
  | NormWeightGradient
  | AttentionGradient
  | PoolGradient
  | NormalizeGradient
  | SumOperation;

/** The rows of the tokens that a pack asks about: `[T, width]` → `[M, width]`. */
export interface SelectOperation {
  readonly kind: 'select';
  readonly input: string;
  readonly output: string;
  readonly width: number;
}

/** Rows that were selected get their gradient, all others 0: `[M, width]` → `[T, width]`. */
export interface SelectGradient {
  readonly kind: 'select-gradient';
  readonly gradient: string;
  readonly output: string;
  readonly width: number;
}

/**
 * With the target `t` and the share `s` of each row of the logits `[M, V]`: `loss = -Σ s · log softmax(row)[t]`, a single number, and
 * `output = s · (softmax(row) - onehot(t))`, its gradient.
 */
export interface CrossEntropyOperation {
  readonly kind: 'cross-entropy';
  readonly input: string;
  readonly output: string;
  readonly loss: string;
}

export type ActivationEpilogue = Extract<Epilogue, { readonly kind: 'activation' | 'gated' }>;

/** An epilogue on its own, since its rule needs what it was applied to: a gated one reads a value of two parts. */
export interface ActivateOperation {
  readonly kind: 'activate';
  readonly input: string;
  readonly output: string;
  readonly epilogue: ActivationEpilogue;
}

/** `dy ∘ act'(x)`; gated, of parts u|g: `dy ∘ g ∘ act'(u)` and `dy ∘ act(u)`. */
export interface ActivateGradient {
  readonly kind: 'activate-gradient';
  readonly input: string;
  readonly gradient: string;
  readonly output: string;
  readonly epilogue: ActivationEpilogue;
}

/** `dx = dy · W`, summed over the parts. */
export interface LinearInputGradient {
  readonly kind: 'linear-input-gradient';
  readonly gradient: string;
  readonly output: string;
  readonly linear: LinearOperation;
}

/** `dW = dyᵀ · x` and `db = Σ dy` over the rows, for those of the tensors that are trained. */
export interface LinearWeightGradient {
  readonly kind: 'linear-weight-gradient';
  readonly input: string;
  readonly gradient: string;
  readonly linear: LinearOperation;
}

/** The same rotation by the opposite angle, of all parts but the last. */
export interface RotateGradient {
  readonly kind: 'rotate-gradient';
  readonly gradient: string;
  readonly output: string;
  readonly parts: number;
  readonly width: number;
  readonly theta: number;
  readonly headSize: number;
}

/** With `x̂ = (x - mean) / σ` and `g = dy ∘ w`: `dx = (g - mean(g) - x̂ · mean(g ∘ x̂)) / σ`, means over the columns. */
export interface NormInputGradient extends NormWeights {
  readonly kind: 'norm-input-gradient';
  readonly input: string;
  readonly gradient: string;
  readonly output: string;
  readonly width: number;
}

/** `dw = Σ dy ∘ x̂`, `db = Σ dy` over the rows. */
export interface NormWeightGradient extends NormWeights {
  readonly kind: 'norm-weight-gradient';
  readonly input: string;
  readonly gradient: string;
  readonly width: number;
}

/**
 * With `P = softmax(q kᵀ · scale)` computed again: `dv = Pᵀ do`, `dS = P ∘ (do vᵀ - rowsum(P ∘ do vᵀ)) · scale`,
 * `dq = dS k`, `dk = dSᵀ q`.
 */
export interface AttentionGradient {
  readonly kind: 'attention-gradient';
  readonly attention: AttentionOperation;
  readonly gradient: string;
  /** Parts dq|dk|dv, or dk|dv where the queries are a value of their own. */
  readonly output: string;
  readonly queryOutput?: string;
}

/** Each token gets the gradient of its sequence's row, divided by the length (mean), or only the first one does (cls). */
export interface PoolGradient {
  readonly kind: 'pool-gradient';
  readonly gradient: string;
  readonly output: string;
  readonly width: number;
  readonly how: Pooling;
}

/** With `y = x / |x|` over the columns kept: `dx = (dy - y · (y · dy)) / |x|`; 0 in the columns that were cut. */
export interface NormalizeGradient {
  readonly kind: 'normalize-gradient';
  readonly gradient: string;
  readonly output: string;
  readonly normalize: NormalizeOperation;
}

/** What several readers of one value send back. */
export interface SumOperation {
  readonly kind: 'sum';
  readonly inputs: readonly string[];
  readonly output: string;
}
