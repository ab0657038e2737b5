import type { EngineSettings, LogLine, WorkspaceRoot } from '../../shared/protocol.ts';
import type { RootStatus, SkipCounts } from '../../shared/status.ts';
import type { Chunk } from '../chunk/chunk.ts';
import type { StoredEmbedding } from '../store/embeddingWriter.ts';
import type { RootStore } from '../store/rootStore.ts';
import type { AnalysedFile } from './analyseFile.ts';

/** Cuts files into chunks; see `chunkPool.ts`. */
export interface Chunker {
  chunk(path: string, text: string, signal?: AbortSignal): Promise<AnalysedFile>;
}

/** What a shared index has of a folder: it answers for files that are the same there, and lends vectors for the rest. */
export interface TeamLayer {
  /** Hash of the content by path; undefined while the shared index cannot be reached. Never throws but when cancelled. */
  files(signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined>;
  /** Whether it answers for the file, by what {@link files} last gave. */
  covers(path: string, contentHash: string): boolean;
  /** Vectors of texts by their hash; those that it lacks are left out, all of them while it cannot be reached. */
  vectors(fingerprint: string, textHashes: readonly Buffer[]): Promise<StoredEmbedding[]>;
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
  /** What is embedded of a chunk: the text that the chunker has hashed. */
  readonly embeddingText: (path: string, chunk: Chunk) => string;
  readonly settings: DiscoverySettings;
  /** An index of the team's over the same files; absent where there is none. */
  readonly team?: TeamLayer;
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
