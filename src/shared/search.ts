import * as z from 'zod/mini';
import type { HistoryItem } from './history.ts';

/** What a chunk is, coarse enough to filter by in every language. */
export const symbolKinds = [
  'function',
  'method',
  'constructor',
  'class',
  'interface',
  'struct',
  'enum',
  'trait',
  'type',
  'module',
  'property',
  'variable',
  'constant',
  'macro',
  'test',
  'block',
  'section',
] as const;
export type SymbolKind = (typeof symbolKinds)[number];

export const searchModes = ['hybrid', 'semantic', 'keyword'] as const;
export type SearchMode = (typeof searchModes)[number];

export const searchScopes = ['code', 'docs', 'commits'] as const;
export type SearchScope = (typeof searchScopes)[number];

export const maxQueryLength = 20_000;

export const searchFiltersSchema = z.object({
  /** Language ids as VS Code names them, such as `typescript`. Empty or absent: all. */
  languages: z.optional(z.array(z.string())),
  /** Globs relative to the root; a leading `!` excludes. `src` alone means the folder and all below. */
  paths: z.optional(z.array(z.string())),
  kinds: z.optional(z.array(z.enum(symbolKinds))),
  scopes: z.optional(z.array(z.enum(searchScopes))),
});
export type SearchFilters = z.infer<typeof searchFiltersSchema>;

export const searchRequestSchema = z.object({
  query: z.string(),
  mode: z.enum(searchModes),
  limit: z.int().check(z.gte(1), z.lte(1000)),
  offset: z.optional(z.int().check(z.gte(0))),
  filters: searchFiltersSchema,
  /** Canonical root URIs to search; absent: every open root. */
  roots: z.optional(z.array(z.string())),
  /** The answer is for a model elsewhere: of chunks that may hold a secret only the place is given. */
  withholdSecrets: z.optional(z.boolean()),
});
export type SearchRequest = z.infer<typeof searchRequestSchema>;

/** A place in a root. `path` is relative, with forward slashes; lines are 1-based and inclusive. */
export const locationSchema = z.object({
  root: z.string(),
  path: z.string(),
  startLine: z.int().check(z.gte(1)),
  endLine: z.int().check(z.gte(1)),
});
export type Location = z.infer<typeof locationSchema>;

export const similarRequestSchema = z.object({
  location: locationSchema,
  limit: z.int().check(z.gte(1), z.lte(1000)),
  filters: searchFiltersSchema,
  /** Canonical root URIs to search; absent: every open root. */
  roots: z.optional(z.array(z.string())),
  /** The answer is for a model elsewhere: of chunks that may hold a secret only the place is given. */
  withholdSecrets: z.optional(z.boolean()),
});
export type SimilarRequest = z.infer<typeof similarRequestSchema>;

export const duplicatesRequestSchema = z.object({
  roots: z.optional(z.array(z.string())),
  /** Cosine of the two embeddings from which two chunks count as duplicates, in (0, 1]. */
  threshold: z.number().check(z.gt(0), z.lte(1)),
});
export type DuplicatesRequest = z.infer<typeof duplicatesRequestSchema>;

export interface SearchResult extends Location {
  /** Stable while the index is unchanged; for list keys only. */
  readonly chunkId: number;
  readonly language: string;
  readonly kind: SymbolKind;
  /** Qualified name such as `Server.listen` or the heading path of a section; empty when there is none. */
  readonly symbol: string;
  readonly signature: string;
  /** Final ranking score in [0, 1] within this answer. */
  readonly score: number;
  /** What each signal added to the score, by name; the values sum to the raw ranking score. */
  readonly signals: Readonly<Record<string, number>>;
  /** Words of the chunk that matched the query, as they stand in the text. */
  readonly matches: readonly string[];
  readonly text: string;
  /**
   * Set for a commit, an issue or a comment: then `path` is its object name or number, below its repository's path where there are
   * several, `symbol` its title and `text` all of it.
   */
  readonly history?: HistoryItem;
  /** Set where the text was left out because it may hold a secret. */
  readonly withheld?: true;
}

export interface SearchResponse {
  readonly query: string;
  /** The mode that was really used: `keyword` while nothing is embedded yet. */
  readonly mode: SearchMode;
  readonly tookMs: { readonly embed: number; readonly search: number; readonly total: number };
  readonly results: readonly SearchResult[];
  /** True when more results exist after these. */
  readonly more: boolean;
  /** Share of the searched chunks whose embedding is ready, in [0, 1]. */
  readonly embeddedShare: number;
  /** One sentence for the user when the answer is not what was asked for in full, such as a fall-back. */
  readonly notice?: string;
}

export interface DuplicateMember extends Location {
  readonly symbol: string;
}
export interface DuplicateGroup {
  /** Lowest cosine between any member and the group's first. */
  readonly score: number;
  readonly members: readonly DuplicateMember[];
}
export interface DuplicatesResponse {
  readonly groups: readonly DuplicateGroup[];
  readonly embeddedShare: number;
}
