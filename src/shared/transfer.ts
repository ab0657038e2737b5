import * as z from 'zod/mini';

const transferRequest = z.object({
  /** URI of an open root. */
  root: z.string(),
  /** Absolute path of the index file. */
  file: z.string(),
});

/** An index handed on as one file; see `engine/transfer/README.md`. */
export const transferRequests = { exportIndex: transferRequest, importIndex: transferRequest } as const;

export interface ExportSummary {
  /** The file that was written, absolute. */
  readonly file: string;
  readonly bytes: number;
  readonly files: number;
  readonly chunks: number;
  /** Files that stayed at home because they may hold a secret. */
  readonly withheld: number;
}

export interface ImportSummary {
  readonly files: number;
  readonly chunks: number;
  /** `index`: the folder had no index and has this one now. `embeddings`: it had one, which takes from this what it lacks. */
  readonly used: 'index' | 'embeddings';
}

export interface TransferResults {
  exportIndex: ExportSummary;
  importIndex: ImportSummary;
}
