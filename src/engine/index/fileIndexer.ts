import path from 'node:path';
import type { SkipReason } from '../../shared/status.ts';
import type { SkippedFile } from '../store/fileStates.ts';
import type { IndexedFile } from '../store/fileWriter.ts';
import type { DiscoveredFile } from '../workspace/discoverFiles.ts';
import { readSourceFile } from '../workspace/readSourceFile.ts';
import { indexedChunks } from './analyseFile.ts';
import type { IndexerOptions, TeamLayer } from './indexerOptions.ts';

/** Time of change of a file that could not be read: as no file has it, the next scan tries again. */
const notRead = -1;

export type FileOutcome =
  | { readonly indexed: IndexedFile }
  /** The bytes are those that are stored already. */
  | { readonly unchanged: { readonly path: string; readonly size: number; readonly mtimeMs: number } }
  | { readonly skipped: SkippedFile };

/** Reads single files and has them cut. */
export class FileIndexer {
  readonly team: TeamLayer | undefined;
  readonly #options: Pick<IndexerOptions, 'chunker'>;

  constructor(options: Pick<IndexerOptions, 'chunker' | 'team'>) {
    this.#options = options;
    this.team = options.team;
  }

  /** `knownHash`: hash of the content that is stored; a file that still has it is not chunked again. */
  async index(
    file: DiscoveredFile,
    knownHash: string | undefined,
    maxFileSizeBytes: number,
    signal: AbortSignal,
  ): Promise<FileOutcome> {
    const source = await readSourceFile(file.absolutePath, { maxFileSizeBytes, signal });
    const { path: relative } = file;
    const state = { path: relative, size: source.size ?? file.size, mtimeMs: source.mtimeMs ?? notRead };
    if ('skip' in source) return { skipped: { ...state, reason: source.skip } };
    if (this.team?.covers(relative, source.hash) === true) {
      return { skipped: { ...state, reason: 'shared', contentHash: source.hash } };
    }
    if (source.hash === knownHash) return { unchanged: state };
    try {
      const chunked = await this.#options.chunker.chunk(relative, source.text, signal);
      const { language, scope, symbols, degraded } = chunked;
      const chunks = indexedChunks(chunked);
      const written = { ...state, contentHash: source.hash, language, scope, chunks, symbols };
      return { indexed: degraded === undefined ? written : { ...written, degraded } };
    } catch {
      signal.throwIfAborted();
      // Whatever a single file does to the chunker, the others go on.
      return { skipped: { ...state, reason: 'unreadable' satisfies SkipReason } };
    }
  }
}

/** A path below the root as the index writes it; undefined for one that is not below. */
export function relativePath(rootPath: string, absolutePath: string): string | undefined {
  const relative = path.relative(rootPath, absolutePath);
  if (relative === '') return '';
  if (relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative)) return undefined;
  return path.sep === '/' ? relative : relative.replaceAll(path.sep, '/');
}
