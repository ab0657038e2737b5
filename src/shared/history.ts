import * as z from 'zod/mini';
import { moodSchema } from './sentiment.ts';

/** What is said about code, and where: a commit's message, an issue or pull request, a comment on one. */
export const historyKinds = ['commit', 'issue', 'pullRequest', 'comment'] as const;
export type HistoryKind = (typeof historyKinds)[number];

/** How many files of an item are named; the rest is counted. */
export const mostFilesNamed = 20;

export const historyItemSchema = z.object({
  /** Stable while the index is. */
  id: z.int(),
  kind: z.enum(historyKinds),
  /** The commit's full object name; the number of an issue, followed by `#` and the comment's own for a comment. */
  key: z.string(),
  /** Repository or project the item is of: path below the root, `host/owner/name`, or the file it was imported from. */
  source: z.string(),
  title: z.string(),
  body: z.string(),
  author: z.string(),
  /** Unix seconds. */
  at: z.int(),
  merge: z.boolean(),
  /** Page of the item on its forge. */
  url: z.optional(z.string()),
  /** Labels that its project gave to an issue. */
  labels: z.array(z.string()),
  /** Up to {@link mostFilesNamed} changed files, relative to the root. */
  files: z.array(z.string()),
  fileCount: z.int(),
  /** Absent while it is not classified. */
  mood: z.optional(moodSchema),
});
export type HistoryItem = z.infer<typeof historyItemSchema>;

/** What is needed to show an item: a commit in an editor, an issue in the browser. */
export const historyPlaceSchema = z.object({
  kind: z.enum(historyKinds),
  source: z.string(),
  key: z.string(),
  url: z.optional(z.string()),
});
export type HistoryPlace = z.infer<typeof historyPlaceSchema>;

/** How far the history of one root is; sent whenever it changes. */
export interface HistoryStatus {
  readonly root: string;
  readonly phase: 'idle' | 'reading' | 'embedding' | 'classifying';
  readonly items: number;
  readonly commits: number;
  readonly embedded: number;
  readonly classified: number;
}
