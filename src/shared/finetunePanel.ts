import * as z from 'zod/mini';
import type { SerializedError } from './errors.ts';
import { finetuneSettingsSchema, type FinetuneRun } from './finetune.ts';
import type { MeasureProgress, MeasureReport } from './measure.ts';
import type { PanelBlocker } from './panelProtocol.ts';
import { locationSchema } from './search.ts';

const id = z.string();

/** What the fine-tune view says to the extension. */
export const finetuneToHostSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('ready') }),
  z.object({ type: z.literal('chooseRoot'), root: z.string() }),
  z.object({ type: z.literal('measure') }),
  z.object({ type: z.literal('cancelMeasure') }),
  z.object({ type: z.literal('prepare') }),
  z.object({ type: z.literal('cancelPrepare') }),
  /** Opens the pairs in an editor. */
  z.object({ type: z.literal('review'), id }),
  /** Has a language model write questions, after showing what is sent. */
  z.object({ type: z.literal('writeQuestions'), id }),
  z.object({ type: z.literal('start'), id, settings: z.optional(finetuneSettingsSchema) }),
  z.object({ type: z.literal('pause'), id }),
  z.object({ type: z.literal('cancel'), id }),
  z.object({ type: z.literal('promote'), id }),
  z.object({ type: z.literal('rollback') }),
  z.object({ type: z.literal('open'), location: z.omit(locationSchema, { root: true }) }),
  z.object({ type: z.literal('command'), command: z.enum(['showLog', 'restartEngine', 'openFolder']) }),
]);
export type FinetuneToHost = z.infer<typeof finetuneToHostSchema>;

export interface FinetuneRoot {
  readonly uri: string;
  readonly name: string;
  /** Chunks that are indexed; 0 while nothing is. */
  readonly chunks: number;
}

/** Everything the view shows; sent whole whenever something of it changes. */
export interface FinetuneViewState {
  readonly blocker: PanelBlocker | null;
  readonly roots: readonly FinetuneRoot[];
  /** URI of the root that is shown; null without any. */
  readonly root: string | null;
  readonly model: string | null;
  /** Runs of the root, the newest first. */
  readonly runs: readonly FinetuneRun[];
  readonly preparing: boolean;
  readonly measuring: MeasureProgress | null;
  readonly report: MeasureReport | null;
  readonly error: SerializedError | null;
}

export interface HostToFinetune {
  readonly type: 'state';
  readonly state: FinetuneViewState;
}
