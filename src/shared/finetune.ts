import * as z from 'zod/mini';

/** Where a query pair comes from; each has its file in `engine/finetune/pairs`. */
export const pairSources = ['doc', 'name', 'commit', 'test', 'docs', 'issue', 'call', 'model'] as const;
export type PairSource = (typeof pairSources)[number];

/** A question and the code that answers it: one row of a pairs file. */
export const queryPairSchema = z.object({
  query: z.string().check(z.minLength(1), z.maxLength(2000)),
  /** Relative to the root, with forward slashes. */
  path: z.string().check(z.minLength(1)),
  /** 1-based, inclusive. */
  startLine: z.int().check(z.gte(1)),
  endLine: z.int().check(z.gte(1)),
  /** What the model is to relate to the query: the code, without what the query was made from. */
  context: z.string().check(z.minLength(1)),
  source: z.enum(pairSources),
  /** When the commit or issue behind the pair was made, ISO 8601; absent for pairs made from the files. */
  date: z.optional(z.string()),
});
export type QueryPair = z.infer<typeof queryPairSchema>;

/** Pairs by their source; sources without pairs are left out. */
export type PairCounts = Readonly<Partial<Record<PairSource, number>>>;
