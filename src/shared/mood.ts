import * as z from 'zod/mini';
import { historyKinds, type HistoryItem } from './history.ts';
import { networkAccessSchema } from './network.ts';
import { moodLabels, type MoodExplanation } from './sentiment.ts';

export const moodPeriods = ['week', 'month', 'release'] as const;
export type MoodPeriodKind = (typeof moodPeriods)[number];

const roots = z.optional(z.array(z.string()));

/** Which items a mood is told of; absent and empty lists mean all. */
export const moodFilterSchema = z.object({
  roots,
  kinds: z.array(z.enum(historyKinds)),
  /** Unix seconds, inclusive. */
  since: z.optional(z.int()),
  until: z.optional(z.int()),
  /** Globs over changed files, as in a search. */
  paths: z.optional(z.array(z.string())),
  /** Labels that projects give to their issues. */
  labels: z.optional(z.array(z.string())),
  /** Names as they sign. */
  authors: z.optional(z.array(z.string())),
  /** Repositories, projects or imported files, by {@link HistoryItem.source}. */
  sources: z.optional(z.array(z.string())),
});
export type MoodFilter = z.infer<typeof moodFilterSchema>;

export const moodRequestSchema = z.extend(moodFilterSchema, {
  by: z.enum(moodPeriods),
  /** Folder whose children are listed; empty for the top. */
  folder: z.string(),
  /** Items in each of the two lists. */
  listed: z.int().check(z.gte(0), z.lte(500)),
  /** Count by author as well; off unless the user asks for it. */
  byAuthor: z.boolean(),
});
export type MoodRequest = z.infer<typeof moodRequestSchema>;

/** Items by class; what was skipped (merges, bots, empty texts) is in none of them. */
export interface MoodCounts {
  readonly negative: number;
  readonly neutral: number;
  readonly positive: number;
}

export interface MoodPeriod {
  /** `2026-W07`, `2026-02` or the name of a tag; empty for what no tag has yet. */
  readonly name: string;
  /** Unix seconds of its first moment. */
  readonly start: number;
  readonly counts: MoodCounts;
}

export interface MoodPlace {
  /** Relative to the root. */
  readonly path: string;
  readonly folder: boolean;
  readonly counts: MoodCounts;
  /** Share of negative items in the later half of the time less that in the earlier; null where either half has too few. */
  readonly trend: number | null;
}

export interface MoodAuthor {
  readonly name: string;
  readonly counts: MoodCounts;
}

export interface MoodListItem extends HistoryItem {
  readonly root: string;
}

export interface MoodReport {
  readonly counts: MoodCounts;
  /** Items that pass the filter: all, those without a text to judge, and those that wait for the classifier. */
  readonly items: number;
  readonly skipped: number;
  readonly pending: number;
  readonly timeline: readonly MoodPeriod[];
  readonly folder: string;
  /** Children of the folder, those with the most negative items first; bounded. */
  readonly places: readonly MoodPlace[];
  readonly negative: readonly MoodListItem[];
  readonly positive: readonly MoodListItem[];
  /** Only when asked for. */
  readonly authors?: readonly MoodAuthor[];
  /** Labels of the project's issues, the most used first. */
  readonly labels: readonly string[];
}

/** Where issues are fetched from, with what lets us in. The token goes to this host and nowhere else. */
export const forgeSchema = z.object({
  kind: z.enum(['github', 'gitlab']),
  /** `https://github.com`, `https://gitlab.example.org`. */
  host: z.string().check(z.regex(/^https?:\/\/[^/?#@\s]+$/)),
  /** `owner/name`; GitLab projects may lie deeper. */
  project: z.string().check(z.regex(/^[\w.-]+(?:\/[\w.-]+)+$/)),
  token: z.optional(z.string()),
  network: z.optional(networkAccessSchema),
});
export type Forge = z.infer<typeof forgeSchema>;

const item = { root: z.string(), id: z.int() };

export const moodRequests = {
  mood: moodRequestSchema,
  /** Reads what is new and classifies what waits; ends when all is done. Cancelling keeps what was done. */
  prepareMood: z.object({ roots, kinds: z.array(z.enum(historyKinds)) }),
  /** The words that weighed most in an item. */
  explainMood: z.object(item),
  /** The user says what an item's mood really is. */
  correctMood: z.object({ ...item, label: z.enum(moodLabels) }),
  /** Writes the items that pass the filter to a file that the user chose. */
  exportMood: z.object({ filter: moodFilterSchema, file: z.string(), format: z.enum(['csv', 'json']) }),
  /** A commit with its patch, as text to read. */
  showCommit: z.object({ root: z.string(), source: z.string(), sha: z.string() }),
  syncIssues: z.object({ root: z.string(), forge: forgeSchema }),
  importIssues: z.object({ root: z.string(), file: z.string() }),
} as const;

export interface IssueSync {
  readonly issues: number;
  readonly comments: number;
  /** Items that were deleted on the forge, where that was looked for. */
  readonly removed?: number;
  /** One sentence for the user when not everything could be fetched. */
  readonly notice?: string;
}

export interface MoodResults {
  mood: MoodReport;
  prepareMood: Record<string, never>;
  explainMood: MoodExplanation;
  correctMood: Record<string, never>;
  exportMood: { readonly items: number };
  showCommit: { readonly text: string };
  syncIssues: IssueSync;
  importIssues: IssueSync;
}
