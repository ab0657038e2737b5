import * as z from 'zod/mini';
import { engineRequests, type EngineResults } from '../../shared/protocol.ts';

/**
 * What an engine answers to other processes of its user. All of it only reads, but for `refresh`, which looks at the disk
 * again. The first request on a connection is `hello`; without the right token the connection is closed.
 */
export const shareRequests = {
  hello: z.object({ protocolVersion: z.int(), token: z.string() }),
  search: engineRequests.search,
  similar: engineRequests.similar,
  duplicates: engineRequests.duplicates,
  status: engineRequests.status,
  /** Resolves when the roots are in step with the disk, at the latest after `timeoutMs`. */
  refresh: z.object({ roots: z.array(z.string()), timeoutMs: z.int().check(z.gte(0), z.lte(600_000)) }),
} as const;

export type ShareMethod = keyof typeof shareRequests;
export type ShareParams<M extends ShareMethod> = z.infer<(typeof shareRequests)[M]>;

export interface ShareResults extends Pick<EngineResults, 'search' | 'similar' | 'duplicates' | 'status'> {
  hello: { readonly version: string; readonly pid: number };
  refresh: Record<string, never>;
}
