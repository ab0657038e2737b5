import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { mean } from '../eval/retrievalMetrics.ts';
import type { FinetuneSettings, QueryPair } from '../../shared/finetune.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { placeKey, sampled, type CorpusEntry } from './evaluate/corpus.ts';
import { evaluatePairs, judgedQueries, meanOf, type JudgedOutcome } from './evaluate/evaluatePairs.ts';
import { guardScore, type GuardSet } from './evaluate/guardSet.ts';
import { adaptEncoder } from './training/adaptEncoder.ts';
import { mineNegatives } from './hardNegatives.ts';
import { trainEncoder } from './training/trainEncoder.ts';
import { defaultEncoderSettings, type TrainingStep, type Verdict } from './training/trainingTypes.ts';

export interface TrainFoldOptions {
  readonly train: readonly QueryPair[];
  /** Chooses the best weights; without any the last ones are the result. */
  readonly tune: readonly QueryPair[];
  readonly corpus: readonly CorpusEntry[];
  /** Hard negatives come from here: what is to be found by judging queries must not be taught to be wrong. */
  readonly wrongAnswers: readonly CorpusEntry[];
  readonly guard: GuardSet;
  readonly base: Encoder;
  readonly baseDir: string;
  readonly modelDir: string;
  readonly checkpointDir: string;
  readonly name: string;
  readonly settings: FinetuneSettings;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** Opens a candidate for evaluation; disposed here. */
  readonly open: (modelDir: string, signal: AbortSignal) => Promise<Encoder>;
  readonly onActivity: (activity: string) => void;
  /** A step of filling in hidden tokens. */
  readonly onMaskedStep: (step: TrainingStep) => void;
  readonly onStep: (step: TrainingStep) => void;
  readonly onEvaluation: (step: number, ndcg10: number) => void;
}

/** Evaluations while training look at so many texts: enough to rank candidates, quick enough to do it often. */
const tuneCorpus = 1500;
const evaluationsPerRun = 4;
/** Filling in hidden tokens takes a few minutes for so many texts. */
const mostAdaptationTexts = 4000;
/** Evaluations without a better score after which training ends. */
const patience = 3;
/** The guard set may lose a little on the way; a candidate that loses more is charged for it, as it must be mixed with the old model. */
const guardSlack = 0.01;
const guardCharge = 2;

/** The clock and the patience of one training. */
class EarlyStop {
  readonly #deadline: number;
  #best = -Infinity;
  #since = 0;

  constructor(maxMinutes: number) {
    this.#deadline = performance.now() + maxMinutes * 60_000;
  }

  isOver(score: number): boolean {
    this.#since = score > this.#best ? 0 : this.#since + 1;
    this.#best = Math.max(this.#best, score);
    return this.#since >= patience || performance.now() > this.#deadline;
  }
}

/** Smoother than nDCG@10, which few queries move in jumps: the gain of every place among the first hundred. */
function gainOf({ rank }: JudgedOutcome): number {
  return rank === null ? 0 : 1 / Math.log2(rank + 1);
}

/** Scores a candidate by the tuning queries, less what it loses on the guard set. */
async function candidateJudge(
  options: TrainFoldOptions,
): Promise<(encoder: Encoder) => Promise<{ ndcg10: number; score: number }>> {
  const { tune, corpus, guard, base, signal } = options;
  const queries = judgedQueries(tune);
  const entries = sampled(corpus, new Set(tune.map(placeKey)), tuneCorpus);
  const guardBefore = await guardScore(base, guard, signal);
  return async (encoder) => {
    const outcomes = await evaluatePairs(encoder, queries, entries, { signal });
    const lost = Math.max(0, guardBefore - (await guardScore(encoder, guard, signal)) - guardSlack);
    return { ndcg10: meanOf(outcomes).ndcg10, score: mean(outcomes.map(gainOf)) - guardCharge * lost };
  };
}

/** Where the adaptation keeps what training keeps in `folder`; both are gone once the model is trained. */
function adaptedDir(folder: string): string {
  return `${folder}-adapted`;
}

/** The model to train on: the base, or what it became by filling in the words of those files that do not judge. */
async function adapted({
  baseDir,
  modelDir,
  checkpointDir,
  wrongAnswers,
  settings,
  threads,
  signal,
  onActivity,
  onMaskedStep,
}: TrainFoldOptions): Promise<string> {
  const { maskedEpochs, maskedLearningRate, maskRate, method, batchSize, loraRank, seed } = settings;
  if (maskedEpochs === 0) return baseDir;
  const outDir = adaptedDir(modelDir);
  // It appears when it is complete: an earlier session may have got so far.
  if (existsSync(outDir)) return outDir;
  onActivity('Learning the words of the workspace');
  await adaptEncoder({
    modelDir: baseDir,
    outDir,
    checkpointDir: adaptedDir(checkpointDir),
    texts: sampled(wrongAnswers, new Set(), mostAdaptationTexts).map(({ text }) => text),
    settings: {
      method,
      batchSize,
      loraRank,
      seed,
      threads,
      maskRate,
      epochs: maskedEpochs,
      learningRate: maskedLearningRate,
    },
    signal,
    onStep: onMaskedStep,
  });
  return outDir;
}

/** Trains on one split; the model is in `modelDir` afterwards. @throws as `trainEncoder` does */
export async function trainFold(
  options: TrainFoldOptions,
): Promise<{ readonly steps: number; readonly inconsistent: number }> {
  const { train, tune, wrongAnswers, base, modelDir, checkpointDir, settings, signal, onActivity } = options;
  onActivity('Mining hard negatives');
  const mined = await mineNegatives(train, wrongAnswers, base, settings, signal);
  const judge = tune.length === 0 ? undefined : await candidateJudge(options);
  const startDir = await adapted(options);
  const stop = new EarlyStop(settings.maxMinutes);
  const steps = Math.max(1, Math.ceil(mined.pairs.length / settings.batchSize)) * settings.epochs;
  if (judge !== undefined) options.onEvaluation(0, (await judge(base)).ndcg10);
  onActivity('Training');
  const evaluate = async (dir: string, step: number): Promise<Verdict> => {
    const encoder = await options.open(dir, signal);
    try {
      const { ndcg10, score } = await judge!(encoder);
      options.onEvaluation(step, ndcg10);
      return { score, stop: stop.isOver(score) };
    } finally {
      await encoder.dispose();
    }
  };
  const result = await trainEncoder({
    modelDir: startDir,
    outDir: modelDir,
    checkpointDir,
    pairs: mined.pairs,
    name: options.name,
    settings: {
      ...defaultEncoderSettings,
      method: settings.method,
      epochs: settings.epochs,
      batchSize: settings.batchSize,
      learningRate: settings.learningRate,
      warmup: settings.warmup,
      schedule: settings.schedule,
      weightDecay: settings.weightDecay,
      maxGradientNorm: settings.maxGradientNorm,
      tableRate: settings.tableRate,
      loraRank: settings.loraRank,
      loraAlpha: 2 * settings.loraRank,
      scale: settings.scale,
      negativesPerPair: settings.negatives,
      anchor: settings.anchor,
      matryoshka: settings.matryoshka,
      seed: settings.seed,
      threads: options.threads,
    },
    signal,
    onStep: options.onStep,
    ...(judge !== undefined && {
      evaluate: ({ modelDir, step }) => evaluate(modelDir, step),
      evaluateEvery: Math.max(1, Math.round(steps / evaluationsPerRun)),
    }),
  });
  for (const done of [adaptedDir(modelDir), adaptedDir(checkpointDir)])
    await rm(done, { recursive: true, force: true });
  return { steps: result.steps, inconsistent: mined.inconsistent };
}
