import type { EngineSettings, LogLine, WorkspaceRoot } from '../../shared/protocol.ts';
import type { RootStatus, SkipCounts } from '../../shared/status.ts';
import type { Chunk, ChunkedFile } from '../chunk/chunk.ts';
import type { RootStore } from '../store/rootStore.ts';

/** Cuts files into chunks; see `chunk/chunkPool.ts`. */
export interface Chunker {
  chunk(path: string, text: string, signal?: AbortSignal): Promise<ChunkedFile>;
}

/** Which files there are and how they are read. */
export type DiscoverySettings = Pick<EngineSettings, 'exclude' | 'useGitignore' | 'maxFileSizeBytes'>;

export interface IndexerOptions {
  readonly root: WorkspaceRoot;
  /** Owned by the caller, and closed by it after the indexer is disposed. */
  readonly store: RootStore;
  readonly chunker: Chunker;
  /** Changes whenever the same file may give other chunks or another text to embed. */
  readonly chunkerVersion: string;
  /** What is embedded of a chunk. */
  readonly embeddingText: (path: string, chunk: Chunk) => string;
  /** Index terms of a text; see `text/codeTokens.ts`. */
  readonly codeTokens: (text: string) => string[];
  readonly settings: DiscoverySettings;
  /** Called at most a few times a second, and always with the last state. */
  readonly onStatus?: (status: RootStatus) => void;
  readonly onLog?: (line: LogLine) => void;
}

/** What one run of the indexer did, for the command line. */
export interface IndexRunSummary {
  readonly files: number;
  readonly skipped: SkipCounts;
  readonly chunks: number;
  /** Tokens that were encoded. */
  readonly tokens: number;
  /** Chunks that were encoded. */
  readonly embedded: number;
  /** Chunks whose embedding was there already or was found in the cache. */
  readonly reused: number;
  readonly seconds: number;
  readonly databaseBytes: number;
}
