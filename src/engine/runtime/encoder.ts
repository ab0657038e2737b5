import type { BackendStatus } from '../../shared/status.ts';

export type EmbedKind = 'query' | 'document';

export interface EmbedOptions {
  readonly signal?: AbortSignal;
  /** Called after each batch with how many of the texts are done. */
  readonly onProgress?: (done: number) => void;
}

export interface Embedded {
  /** One L2-normalised vector a text, in the order given; each `[dimension]`. */
  readonly embeddings: readonly Float32Array[];
  /** Tokens encoded, special tokens counted, after truncation. */
  readonly tokens: number;
}

/** Turns texts into embeddings. One per engine; calls may overlap, queries overtake documents. */
export interface Encoder {
  readonly name: string;
  /**
   * Hex digest over everything that decides an embedding: weights, tokenizer, pooling, prefixes, dimension.
   * Vectors are comparable if and only if their fingerprints are equal.
   */
  readonly fingerprint: string;
  readonly dimension: number;
  readonly backend: BackendStatus;
  /** Host that gets the texts; absent for an encoder on this machine. */
  readonly sentTo?: string;
  embed(texts: readonly string[], kind: EmbedKind, options?: EmbedOptions): Promise<Embedded>;
  dispose(): Promise<void>;
}
