import * as z from 'zod/mini';
import type { SerializedError } from './errors.ts';
import { historyPlaceSchema } from './history.ts';
import {
  locationSchema,
  searchFiltersSchema,
  searchModes,
  type DuplicateGroup,
  type SearchMode,
  type SearchResponse,
  type SymbolKind,
} from './search.ts';
import type { EngineStatus } from './status.ts';

const searchMessage = z.object({
  type: z.literal('search'),
  /** Rises with every request of the panel; an answer carries it back so that stale ones are dropped. */
  id: z.int(),
  query: z.string(),
  mode: z.enum(searchModes),
  filters: searchFiltersSchema,
  limit: z.int().check(z.gte(1), z.lte(1000)),
  offset: z.int().check(z.gte(0)),
});

/** What the search panel sends to the extension host; validated there on arrival. */
export const panelToHostSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  searchMessage,
  z.object({ type: z.literal('cancel'), id: z.int() }),
  z.object({
    type: z.literal('open'),
    location: locationSchema,
    /** `preview`: keep focus in the panel; `open`: move it to the editor; `side`: open beside. */
    how: z.enum(['preview', 'open', 'side']),
    /** Set where the result is a commit, issue or comment instead of a place in a file. */
    item: z.optional(historyPlaceSchema),
  }),
  z.object({ type: z.literal('similar'), id: z.int(), location: locationSchema, filters: searchFiltersSchema }),
  z.object({ type: z.literal('copy'), what: z.enum(['text', 'path']), location: locationSchema, text: z.string() }),
  /** The user ran this query on purpose (Enter or opened a result); it joins the history. */
  z.object({ type: z.literal('remember'), query: z.string() }),
  z.object({ type: z.literal('clearHistory') }),
  z.object({
    type: z.literal('command'),
    command: z.enum([
      'reindex',
      'pauseIndexing',
      'resumeIndexing',
      'showLog',
      'restartEngine',
      'openFolder',
      'manageTrust',
    ]),
  }),
]);
export type PanelToHost = z.infer<typeof panelToHostSchema>;

/** Why the panel shows a welcome page instead of results. */
export type PanelBlocker = 'noFolder' | 'untrusted' | 'engineDown';

export interface PanelFacets {
  readonly languages: readonly string[];
  readonly kinds: readonly SymbolKind[];
}

/** `failed` answers with this id when a message was so broken that its own id could not be read. */
export const unknownRequestId = -1;

/** What the extension host sends to the search panel. An unknown or invalid message is answered with `failed`. */
export type HostToPanel =
  | {
      readonly type: 'status';
      readonly status: EngineStatus | null;
      readonly blocker: PanelBlocker | null;
      /** True in Restricted Mode: the workspace is indexed and searched, but restricted settings are ignored. */
      readonly restricted?: boolean;
      readonly error?: SerializedError;
    }
  | { readonly type: 'results'; readonly id: number; readonly response: SearchResponse; readonly append: boolean }
  | { readonly type: 'failed'; readonly id: number; readonly error: SerializedError }
  /** Start a search from a command: fill the box, run it, take the focus. */
  | { readonly type: 'run'; readonly query: string; readonly mode?: SearchMode }
  /** Show what is similar to a place; the panel titles the list with it. */
  | {
      readonly type: 'showSimilar';
      readonly location: z.infer<typeof locationSchema>;
      readonly response: SearchResponse;
    }
  | { readonly type: 'showDuplicates'; readonly groups: readonly DuplicateGroup[] }
  | { readonly type: 'history'; readonly queries: readonly string[] }
  | {
      readonly type: 'settings';
      readonly mode: SearchMode;
      readonly multiRoot: boolean;
      readonly facets: PanelFacets;
      /** Results per request; absent: the panel's own default. */
      readonly maxResults?: number;
    }
  | { readonly type: 'focus' };
