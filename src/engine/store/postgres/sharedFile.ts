import type { TermCounts } from '../termPostings.ts';
import type { WholeChunk, WholeFile } from '../wholeFiles.ts';

/** Identity of a file's content within a repository and a version of the chunker. */
export interface FileKey {
  readonly path: string;
  /** Hexadecimal. */
  readonly contentHash: string;
}

/** A file ready to be shared: without the chunks that must not leave this machine. */
export interface SharedFile extends Omit<WholeFile, 'chunks'> {
  readonly chunks: readonly SharedChunk[];
  readonly withheld: number;
}

export interface SharedChunk extends WholeChunk {
  readonly terms: TermCounts;
}

export function keyOf({ path, contentHash }: FileKey): string {
  return `${contentHash} ${path}`;
}
