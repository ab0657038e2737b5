import * as z from 'zod/mini';

/** An index that a team shares on PostgreSQL. */
export const teamSettingsSchema = z.object({
  /** `postgres://user@host:5432/database`. */
  url: z.string().check(z.maxLength(2000)),
  /** Instead of one in the address; PGPASSWORD where both are absent. */
  password: z.optional(z.string()),
  /** Name of the repository in the shared index; empty: after the remote `origin`, else the folder. */
  repository: z.string().check(z.maxLength(500)),
  /** Which state of the repository: one for each branch that is indexed for the team. */
  view: z.string().check(z.maxLength(200)),
  /** Connections at the same time, at most. */
  connections: z.optional(z.int().check(z.gte(1), z.lte(64))),
  /** Index everything here, to bring it there: nothing is searched there. */
  publish: z.optional(z.boolean()),
});
export type TeamSettings = z.infer<typeof teamSettingsSchema>;

export const defaultView = 'main';

/** How far publishing is: files that are in the shared index, of how many, or parts of the graph over its vectors: 0 of 0 while another graph is made first. */
export interface PublishProgress {
  readonly step: 'files' | 'graph';
  readonly done: number;
  readonly total: number;
}

/** What publishing a folder's index did. */
export interface PublishSummary {
  readonly repository: string;
  readonly view: string;
  readonly files: number;
  readonly chunks: number;
  readonly embedded: number;
  /** Files that the shared index did not have, and that the view has no longer. */
  readonly added: number;
  readonly removed: number;
  /** Chunks that were not shared because they look like secrets. */
  readonly withheld: number;
  /** Why the graph that makes searching a large repository faster could not be made; all else is shared. */
  readonly graphFailure?: string;
  readonly seconds: number;
}
