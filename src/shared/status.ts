import type { SerializedError } from './errors.ts';

/** Why a file is not in the index; every skipped file is counted under exactly one. */
export const skipReasons = [
  'ignored',
  'binary',
  'too_large',
  'minified',
  'generated',
  'vendored',
  'unreadable',
  'outside_workspace',
  'encoding',
  'empty',
  'secret',
  'shared',
] as const;
export type SkipReason = (typeof skipReasons)[number];
export type SkipCounts = Partial<Record<SkipReason, number>>;

export type RootPhase = 'opening' | 'scanning' | 'indexing' | 'embedding' | 'ready' | 'paused' | 'error';

export interface RootStatus {
  /** Canonical root URI, the key of the root everywhere. */
  readonly root: string;
  readonly name: string;
  readonly phase: RootPhase;
  readonly files: number;
  readonly chunks: number;
  /** Chunks whose embedding is in the serving generation. */
  readonly embedded: number;
  readonly skipped: SkipCounts;
  /** Files whose parser failed or ran out of time and which were cut by lines instead. */
  readonly degraded: number;
  /** Texts that got no embedding in this session and will get none: the model refused them, or they are withheld. */
  readonly failed?: number;
  /** Texts that are not sent to the embedding server, for they look like secrets; found by keywords only. */
  readonly withheld?: number;
  readonly currentFile?: string;
  readonly etaSeconds?: number;
  readonly tokensPerSecond?: number;
  /** Indexed files by VS Code language id; what the panel offers as language filters. */
  readonly languages?: Readonly<Record<string, number>>;
  readonly error?: SerializedError;
  /** The team's index over the same files; `error` while it cannot be used. */
  readonly team?: { readonly view: string; readonly error?: SerializedError };
}

export interface ModelStatus {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
}

export interface BackendStatus {
  readonly name: 'cpu' | 'cuda' | 'directml' | 'coreml' | 'webgpu' | 'remote';
  /** Why this backend and not a faster one. */
  readonly reason: string;
  /** How long the GPU has computed so far; with CUDA. */
  readonly deviceSeconds?: number;
}

export interface EngineStatus {
  readonly paused: boolean;
  readonly model?: ModelStatus;
  /** Set when the model cannot be used; keyword search goes on. */
  readonly modelError?: SerializedError;
  readonly backend?: BackendStatus;
  readonly roots: readonly RootStatus[];
}
