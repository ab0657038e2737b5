import * as z from 'zod/mini';
import type { SerializedError } from './errors.ts';
import { historyKinds, type HistoryStatus } from './history.ts';
import { moodFilterSchema, moodRequestSchema, type MoodReport } from './mood.ts';
import type { PanelBlocker } from './panelProtocol.ts';
import { moodLabels, type MoodExplanation } from './sentiment.ts';

const item = { root: z.string(), id: z.int() };

/** What the mood view sends to the extension host; validated there on arrival. */
export const moodToHostSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  /** Asks for a report; one that is still under way is dropped. The answer carries the number back. */
  z.object({ type: z.literal('load'), id: z.int(), request: moodRequestSchema }),
  z.object({ type: z.literal('explain'), ...item }),
  z.object({ type: z.literal('correct'), ...item, label: z.enum(moodLabels) }),
  z.object({
    type: z.literal('open'),
    root: z.string(),
    kind: z.enum(historyKinds),
    source: z.string(),
    key: z.string(),
    url: z.optional(z.string()),
  }),
  z.object({ type: z.literal('openFile'), path: z.string() }),
  z.object({ type: z.literal('export'), filter: moodFilterSchema, format: z.enum(['csv', 'json']) }),
  z.object({ type: z.literal('pause') }),
  z.object({ type: z.literal('resume') }),
  z.object({
    type: z.literal('command'),
    command: z.enum(['fetchIssues', 'importIssues', 'showLog', 'restartEngine', 'openFolder']),
  }),
]);
export type MoodToHost = z.infer<typeof moodToHostSchema>;

/** How far reading and classifying are. */
export interface MoodProgress {
  readonly phase: HistoryStatus['phase'] | 'paused';
  readonly classified: number;
  readonly items: number;
}

/** What the extension host sends to the mood view. */
export type HostToMood =
  | { readonly type: 'report'; readonly id: number; readonly report: MoodReport }
  | { readonly type: 'failed'; readonly id: number; readonly error: SerializedError }
  | { readonly type: 'explained'; readonly root: string; readonly id: number; readonly explanation: MoodExplanation }
  | { readonly type: 'progress'; readonly progress: MoodProgress }
  | { readonly type: 'blocker'; readonly blocker: PanelBlocker | null }
  /** What is stored has changed: ask again. */
  | { readonly type: 'changed' };
