import * as z from 'zod/mini';
import { pairSources, type PairSource } from './finetune.ts';
import type { SearchMode } from './search.ts';

export const measureRequestSchema = z.object({
  /** Canonical URI of an open root. */
  root: z.string(),
  /** At most so many queries, taken evenly from the sources. */
  queries: z.int().check(z.gte(10), z.lte(5000)),
  sources: z.array(z.enum(pairSources)),
  /** Folder of a second model, measured beside the one in use. */
  compare: z.optional(z.string()),
});
export type MeasureRequest = z.infer<typeof measureRequestSchema>;

/** What the questions of the user's own search are made from unless asked otherwise. */
export const measuredSources: readonly PairSource[] = ['doc', 'commit', 'test'];
export const defaultMeasuredQueries = 300;

export interface MeasureScores {
  readonly ndcg10: number;
  readonly mrr10: number;
  readonly recall10: number;
}

/** One way to search: a mode, and the model where the mode has one. */
export interface MeasureSystem {
  readonly mode: SearchMode;
  readonly model: string | null;
}

export interface MeasureRow extends MeasureSystem, MeasureScores {
  /** `all`: the mean over the queries of all sources. */
  readonly source: PairSource | 'all';
  readonly queries: number;
}

/** A query whose first answer stands at different places in two systems. */
export interface MeasureExample {
  readonly query: string;
  readonly source: PairSource;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  /** Place of the first right result by system, in the order of {@link MeasureReport.systems}; null where it is not among the first 50. */
  readonly ranks: readonly (number | null)[];
}

export interface MeasureReport {
  readonly root: string;
  readonly queries: number;
  readonly chunks: number;
  readonly systems: readonly MeasureSystem[];
  readonly rows: readonly MeasureRow[];
  readonly examples: readonly MeasureExample[];
  readonly seconds: number;
  /** Said where the figures are to be taken with care, such as few queries. */
  readonly notice?: string;
}

export type MeasurePhase = 'mining' | 'indexing' | 'searching';
export interface MeasureProgress {
  readonly root: string;
  readonly phase: MeasurePhase;
  /** Share of the phase that is done, in [0, 1]. */
  readonly share: number;
}
