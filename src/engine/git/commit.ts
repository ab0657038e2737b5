export type ChangeKind = 'added' | 'modified' | 'deleted' | 'renamed' | 'copied' | 'retyped';

/** A changed run of lines. Lines are 1-based; a count of 0 means that the run is empty on that side. */
export interface Hunk {
  readonly oldStart: number;
  readonly oldLines: number;
  readonly newStart: number;
  readonly newLines: number;
  /** The line git takes for the head of the function around the run; empty when it finds none. */
  readonly context: string;
}

export interface FileChange {
  /** Path after the change, relative to the folder that was asked about, with forward slashes. */
  readonly path: string;
  /** Path before it, for what was renamed or copied. */
  readonly previousPath?: string;
  readonly kind: ChangeKind;
  /** Only when asked for; empty for binary files and pure renames. */
  readonly hunks?: readonly Hunk[];
}

export interface Commit {
  /** Full object name, lower-case hexadecimal: 40 digits, 64 in a SHA-256 repository. */
  readonly sha: string;
  readonly parents: readonly string[];
  /** As the repository's mailmap has it. */
  readonly authorName: string;
  readonly authorEmail: string;
  /** Unix seconds. */
  readonly authoredAt: number;
  readonly committedAt: number;
  /** First line of the message. */
  readonly subject: string;
  /** What follows the first line, white space around it removed. */
  readonly body: string;
  /** Two parents or more; git shows no files for a merge. */
  readonly merge: boolean;
  readonly files: readonly FileChange[];
}
