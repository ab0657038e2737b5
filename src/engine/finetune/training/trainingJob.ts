import type { MessagePort } from 'node:worker_threads';
import type { SerializedError } from '../../../shared/errors.ts';
import type { StopFlag } from '../../runtime/stopFlag.ts';
import type {
  ClassifiedText,
  ClassifierSettings,
  EncoderSettings,
  MaskedSettings,
  TrainingCandidate,
  TrainingPair,
  TrainingStep,
  Verdict,
} from './trainingTypes.ts';

/** What is trained on which data. */
export type TrainingTask =
  | {
      readonly kind: 'encoder';
      readonly pairs: readonly TrainingPair[];
      readonly settings: EncoderSettings;
      readonly anchorDir: string;
    }
  | { readonly kind: 'masked'; readonly texts: readonly string[]; readonly settings: MaskedSettings }
  | {
      readonly kind: 'classifier';
      readonly examples: readonly ClassifiedText[];
      readonly labels: readonly string[];
      readonly settings: ClassifierSettings;
    };

export type TaskOf<Kind extends TrainingTask['kind']> = Extract<TrainingTask, { readonly kind: Kind }>;

/** A training as its thread is told of it. */
export interface TrainingJob {
  readonly task: TrainingTask;
  readonly modelDir: string;
  readonly outDir: string;
  readonly checkpointDir: string;
  readonly name: string | undefined;
  /** Whether candidates are to be judged, and after how many steps; once an epoch if that is not said. */
  readonly evaluates: boolean;
  readonly evaluateEvery: number | undefined;
  readonly maxSeconds: number | undefined;
  readonly stop: StopFlag;
  /** Events to the caller, verdicts from it. */
  readonly port: MessagePort;
}

export type TrainingEvent =
  | { readonly kind: 'step'; readonly step: TrainingStep }
  | { readonly kind: 'candidate'; readonly candidate: Omit<TrainingCandidate, 'signal'> };

/** Answers a candidate. */
export type JudgeReply = { readonly verdict: Verdict } | { readonly error: SerializedError };
