import * as z from 'zod/mini';
import type { SerializedError } from './errors.ts';

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

export const trainingMethods = ['lora', 'full'] as const;
export const learningRateSchedules = ['linear', 'cosine', 'constant'] as const;

const matryoshkaSchema = z.array(
  z.object({ dimension: z.int().check(z.gte(1), z.lte(16_384)), weight: z.number().check(z.gt(0), z.lte(1000)) }),
);

export const finetuneSettingsSchema = z.object({
  method: z.enum(trainingMethods),
  epochs: z.int().check(z.gte(1), z.lte(50)),
  /** Pairs of one step; memory does not grow with it. */
  batchSize: z.int().check(z.gte(2), z.lte(1024)),
  learningRate: z.number().check(z.gt(0), z.lte(1)),
  /** Token embeddings learn so many times faster: each is read in few steps only. */
  tableRate: z.number().check(z.gt(0), z.lte(1000)),
  /** Hard negatives of each pair, mined from the index. */
  negatives: z.int().check(z.gte(0), z.lte(8)),
  /** Leaves out negatives that the model finds closer to the query than the answer itself (GISTEmbed, Solatorio 2024). */
  guideNegatives: z.boolean(),
  /** How firmly embeddings are held where they were, so that less is forgotten; 0 lets them go. */
  anchor: z.number().check(z.gte(0), z.lte(1000)),
  /** Factor of the cosines before the softmax. */
  scale: z.number().check(z.gt(0), z.lte(10_000)),
  /** Share of all steps in which the learning rate rises from 0. */
  warmup: z.number().check(z.gte(0), z.lte(1)),
  /** How the learning rate falls after that. */
  schedule: z.enum(learningRateSchedules),
  weightDecay: z.number().check(z.gte(0), z.lte(1)),
  /** Gradients longer than this together are scaled down to it; 0 never does. */
  maxGradientNorm: z.number().check(z.gte(0), z.lte(1e6)),
  loraRank: z.int().check(z.gte(1), z.lte(1024)),
  /** Leading columns that are to serve on their own, beside all columns at weight 1 (Kusupati et al. 2022). */
  matryoshka: matryoshkaSchema,
  /** How often hidden tokens of each text are filled in before any pair is trained on; 0 leaves it out. */
  maskedEpochs: z.int().check(z.gte(0), z.lte(50)),
  maskedLearningRate: z.number().check(z.gt(0), z.lte(1)),
  /** Share of a text's tokens that are to be filled in. */
  maskRate: z.number().check(z.gt(0), z.lte(1)),
  /** Sources that do not teach, to see what they are worth; they judge all the same. */
  without: z.array(z.enum(pairSources)),
  /** Training ends after so many minutes with the best weights so far. */
  maxMinutes: z.number().check(z.gt(0), z.lte(24 * 60)),
  /** Leaves out pairs whose answer the present model does not find among the first so many of a hundred. */
  consistency: z.int().check(z.gte(1), z.lte(100)),
  seed: z.int().check(z.gte(0)),
});
export type FinetuneSettings = z.infer<typeof finetuneSettingsSchema>;

/** For encoders of many layers. */
export const defaultFinetuneSettings: FinetuneSettings = {
  method: 'lora',
  epochs: 3,
  batchSize: 64,
  learningRate: 2e-4,
  tableRate: 1,
  negatives: 1,
  guideNegatives: false,
  anchor: 0,
  scale: 20,
  warmup: 0.1,
  schedule: 'linear',
  weightDecay: 0,
  maxGradientNorm: 1,
  loraRank: 16,
  matryoshka: [],
  maskedEpochs: 0,
  maskedLearningRate: 1e-4,
  maskRate: 0.15,
  without: [],
  maxMinutes: 12,
  consistency: 50,
  seed: 1,
};

/** For small encoders, whose knowledge is in the token embeddings; measured on the embedded default, see `engine/finetune/README.md`. */
export const smallModelSettings: FinetuneSettings = {
  ...defaultFinetuneSettings,
  method: 'full',
  epochs: 8,
  learningRate: 1e-4,
  tableRate: 20,
  negatives: 0,
  anchor: 1,
};

/**
 * Reads `128, 64` or, with weights, `128:1, 64:0.5`; the weight is 1 where none is said.
 * @returns nothing for text that is no such list.
 */
export function parseMatryoshka(text: string): FinetuneSettings['matryoshka'] | undefined {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length === 1 && parts[0] === '') return [];
  const read = parts.map((part) => {
    const [, dimension, weight = '1'] = /^(\d+)(?::([\d.]+))?$/.exec(part) ?? [];
    return { dimension: Number(dimension), weight: Number(weight) };
  });
  return matryoshkaSchema.safeParse(read).data;
}

/** The inverse of {@link parseMatryoshka}. */
export function formatMatryoshka(matryoshka: FinetuneSettings['matryoshka']): string {
  return matryoshka
    .map(({ dimension, weight }) => (weight === 1 ? `${dimension}` : `${dimension}:${weight}`))
    .join(', ');
}

/** The settings with another method and the rates that go with it; `recommended` are those chosen for the model. */
export function withMethod(
  settings: FinetuneSettings,
  method: FinetuneSettings['method'],
  recommended: FinetuneSettings,
): FinetuneSettings {
  if (method === settings.method) return settings;
  const { learningRate, tableRate } =
    method === recommended.method ? recommended : { learningRate: method === 'lora' ? 2e-4 : 2e-5, tableRate: 1 };
  return { ...settings, method, learningRate, tableRate };
}

/** Means over queries that training never saw. */
export interface RetrievalScores {
  readonly mrr10: number;
  readonly ndcg10: number;
  readonly recall10: number;
}

export interface BeforeAndAfter<T = RetrievalScores> {
  readonly before: T;
  readonly after: T;
}

export const verdicts = ['better', 'not_better', 'guard_dropped'] as const;
export type Verdict = (typeof verdicts)[number];

/** A held-out query whose answer moved. Ranks are 1-based places of the first answer, null past the first hundred. */
export interface MovedQuery {
  readonly query: string;
  readonly source: PairSource;
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly before: number | null;
  readonly after: number | null;
}

export interface FinetuneResult extends BeforeAndAfter {
  /** Of the model alone: every chunk ranked by its cosine to the query. `search`: of hybrid search as the panel runs it. */
  readonly search: BeforeAndAfter;
  /** nDCG@10 on general queries that ship with Sextant and have nothing to do with the workspace. */
  readonly guard: BeforeAndAfter<number>;
  readonly bySource: readonly ({ readonly source: PairSource; readonly queries: number } & BeforeAndAfter)[];
  /** By leading columns alone, for each dimension that they were trained to serve at; absent in runs of earlier versions. */
  readonly leading?: readonly ({ readonly dimension: number } & BeforeAndAfter)[];
  readonly queries: number;
  readonly moved: readonly MovedQuery[];
  readonly verdict: Verdict;
  /** One sentence for the user. */
  readonly reason: string;
  /** Evaluated by cross-validation because the workspace is small; the model itself is trained on all pairs. */
  readonly crossValidated: boolean;
}

export interface CurvePoint {
  readonly step: number;
  readonly value: number;
}

/**
 * `ready`: pairs are made and may be edited. `paused`: stopped by the user, or by the end of the engine; resuming goes on from the
 * last saved state.
 */
export const runStates = ['ready', 'training', 'paused', 'evaluating', 'done', 'failed'] as const;
export type RunState = (typeof runStates)[number];

export interface PairSplit {
  readonly train: number;
  /** Chooses the best weights. */
  readonly tune: number;
  /** Judges the result. */
  readonly held: number;
}

/** One fine-tuning of one root, as the views and `--json` show it. */
export interface FinetuneRun {
  readonly id: string;
  /** Canonical URI of the root. */
  readonly root: string;
  readonly rootName: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly state: RunState;
  /** What is being done, for a person; empty when nothing is. */
  readonly activity: string;
  readonly base: { readonly name: string; readonly fingerprint: string };
  readonly settings: FinetuneSettings;
  /** Those that were chosen for the model. */
  readonly recommended: FinetuneSettings;
  readonly pairs: number;
  readonly bySource: PairCounts;
  /** The file with the pairs, to be read and edited before training. */
  readonly pairsFile: string;
  readonly split?: PairSplit;
  readonly step: number;
  readonly steps: number;
  readonly epoch: number;
  readonly tokensPerSecond?: number;
  readonly etaSeconds?: number;
  /** Thinned out for drawing. */
  readonly loss: readonly CurvePoint[];
  /** Loss of filling in hidden tokens, before the pairs; empty where that is left out. */
  readonly maskedLoss: readonly CurvePoint[];
  /** nDCG@10 of the queries that choose the best weights. */
  readonly evaluations: readonly CurvePoint[];
  readonly seconds: number;
  readonly result?: FinetuneResult;
  /** The root is searched with this model. */
  readonly promoted: boolean;
  /** Folder of the trained model, once there is one. */
  readonly model?: string;
  readonly error?: SerializedError;
}

const runOnly = z.object({ id: z.string().check(z.regex(/^[\w-]+$/)) });

/** Requests to the engine, all answered by `FinetuneService`. */
export const finetuneRequests = {
  /** All runs, of every root, the newest first. */
  finetuneRuns: z.object({}),
  /** Makes the pairs of a new run. */
  finetunePrepare: z.object({ root: z.string(), sources: z.optional(z.array(z.enum(pairSources))) }),
  /** What a language model would be asked for the pairs of a run that is ready; sends nothing. */
  finetuneQuestions: z.object({ ...runOnly.shape, limit: z.int().check(z.gte(1), z.lte(10_000)) }),
  /** Adds the questions of a language model's answers to the pairs of a run. */
  finetuneAddQuestions: z.object({
    ...runOnly.shape,
    answers: z.array(z.object({ key: z.string(), text: z.string() })),
  }),
  /** Starts a run that is ready, or goes on with one that is paused or has failed. Answers at once. */
  finetuneStart: z.object({
    ...runOnly.shape,
    settings: z.optional(z.partial(finetuneSettingsSchema)),
  }),
  finetunePause: runOnly,
  /** Ends the run and removes all of it. */
  finetuneCancel: runOnly,
  /** Searches the root with the trained model from now on. */
  finetunePromote: runOnly,
  /** Searches the root with the model from before again. */
  finetuneRollback: z.object({ root: z.string() }),
} as const;

/** What the engine tells about fine-tuning unasked. */
export type FinetuneEvent =
  { readonly kind: 'run'; readonly run: FinetuneRun } | { readonly kind: 'removed'; readonly id: string };

type Nothing = Record<string, never>;

/** A request to a language model, and what its answer is to be handed in with. */
export interface QuestionPrompt {
  readonly key: string;
  readonly prompt: string;
}

export interface FinetuneResults {
  finetuneRuns: { readonly runs: readonly FinetuneRun[] };
  finetunePrepare: FinetuneRun;
  finetuneQuestions: { readonly requests: readonly QuestionPrompt[] };
  finetuneAddQuestions: FinetuneRun;
  finetuneStart: FinetuneRun;
  finetunePause: FinetuneRun;
  finetuneCancel: Nothing;
  finetunePromote: FinetuneRun;
  finetuneRollback: Nothing;
}
