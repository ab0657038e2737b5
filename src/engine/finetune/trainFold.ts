import { hash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { mean } from '../eval/retrievalMetrics.ts';
import type { FinetuneSettings, QueryPair } from '../../shared/finetune.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { placeKey, sampled, type CorpusEntry } from './evaluate/corpus.ts';
import { evaluatePairs, judgedQueries, meanOf, type JudgedOutcome } from './evaluate/evaluatePairs.ts';
import { guardScore, type GuardSet } from './evaluate/guardSet.ts';
import { adaptEncoder } from './training/adaptEncoder.ts';
import { mineNegatives } from './hardNegatives.ts';
import { trainEncoder } from './training/trainEncoder.ts';
import {
  defaultEncoderSettings,
  type OptimizerSettings,
  type TrainingStep,
  type Verdict,
} from './training/trainingTypes.ts';

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
/** Filling in hidden tokens of so many texts takes the embedded default a few minutes. */
const mostAdaptationTexts = 4000;
/** Share of `maxMinutes` that filling in hidden tokens may take. */
const adaptationShare = 0.5;
const adaptedSuffix = '-adapted';
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

/** What both stages of a training have in common. */
function optimizerOf({ settings, threads }: TrainFoldOptions): Partial<OptimizerSettings> {
  const { method, batchSize, warmup, schedule, weightDecay, maxGradientNorm, loraRank, seed } = settings;
  const loraAlpha = 2 * loraRank;
  return { method, batchSize, warmup, schedule, weightDecay, maxGradientNorm, loraRank, loraAlpha, seed, threads };
}

/** The model to train on: the base, or what it became by filling in the words of those files that do not judge. */
async function adapted(options: TrainFoldOptions): Promise<string> {
  const { base, baseDir, modelDir, checkpointDir, wrongAnswers, settings } = options;
  const { maskedEpochs, maskedLearningRate, maskRate, maxMinutes } = settings;
  if (maskedEpochs === 0) return baseDir;
  const texts = sampled(wrongAnswers, new Set(), mostAdaptationTexts).map(({ text }) => text);
  // Named by what it is made of: pairs that were edited while the run was paused may have changed which files judge.
  const made = hash('sha256', JSON.stringify([base.fingerprint, settings, texts])).slice(0, 16);
  const outDir = `${modelDir}${adaptedSuffix}-${made}`;
  // It appears when it is complete: an earlier session may have got so far.
  if (existsSync(outDir)) return outDir;
  options.onActivity('Learning the words of the workspace');
  await adaptEncoder({
    modelDir: baseDir,
    outDir,
    checkpointDir: `${checkpointDir}${adaptedSuffix}`,
    texts,
    settings: { ...optimizerOf(options), maskRate, epochs: maskedEpochs, learningRate: maskedLearningRate },
    maxSeconds: 60 * maxMinutes * adaptationShare,
    signal: options.signal,
    onStep: options.onMaskedStep,
  });
  return outDir;
}

/** Removes what adaptations left beside these folders; what cannot be removed now goes with the run. */
export async function removeAdapted(...folders: readonly string[]): Promise<void> {
  for (const folder of folders) {
    const names = await readdir(path.dirname(folder)).catch(() => []);
    for (const name of names.filter((other) => other.startsWith(`${path.basename(folder)}${adaptedSuffix}`))) {
      const left = path.join(path.dirname(folder), name);
      await rm(left, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    }
  }
}

/** Trains on one split; the model is in `modelDir` afterwards. @throws as `trainEncoder` does */
export async function trainFold(
  options: TrainFoldOptions,
): Promise<{ readonly steps: number; readonly inconsistent: number }> {
  const { train, tune, wrongAnswers, base, modelDir, checkpointDir, settings, signal, onActivity } = options;
  onActivity('Mining hard negatives');
  const mined = await mineNegatives(train, wrongAnswers, base, settings, signal);
  const judge = tune.length === 0 ? undefined : await candidateJudge(options);
  const stop = new EarlyStop(settings.maxMinutes);
  const startDir = await adapted(options);
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
    anchorDir: options.baseDir,
    outDir: modelDir,
    checkpointDir,
    pairs: mined.pairs,
    name: options.name,
    settings: {
      ...defaultEncoderSettings,
      ...optimizerOf(options),
      epochs: settings.epochs,
      learningRate: settings.learningRate,
      tableRate: settings.tableRate,
      scale: settings.scale,
      negativesPerPair: settings.negatives,
      anchor: settings.anchor,
      matryoshka: settings.matryoshka,
    },
    signal,
    onStep: options.onStep,
    ...(judge !== undefined && {
      evaluate: ({ modelDir, step }) => evaluate(modelDir, step),
      evaluateEvery: Math.max(1, Math.round(steps / evaluationsPerRun)),
    }),
  });
  return { steps: result.steps, inconsistent: mined.inconsistent };
}
