import { createHash } from 'node:crypto';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import { moodLabels, type MoodLabel } from '../../shared/sentiment.ts';
import { trainClassifier } from '../finetune/training/trainClassifier.ts';
import { moodModelDirectory } from '../paths.ts';
import type { BackendChoice } from '../runtime/backends.ts';
import { cleanText } from './cleanText.ts';
import type { LabelledText } from './labelledTexts.ts';
import { MoodClassifier } from './moodClassifier.ts';
import { moodMetrics, type MoodMetrics } from './moodMetrics.ts';

export interface TrainMoodOptions {
  readonly data: readonly LabelledText[];
  /** Must not exist. */
  readonly outDir: string;
  /** Holds the state of unfinished runs; the same call goes on from it. */
  readonly storageDir: string;
  /** Model folder to start from; the classifier that ships if it is not said. */
  readonly modelDir?: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly threads: number;
  readonly backend: BackendChoice;
  readonly signal?: AbortSignal;
  readonly onProgress?: (message: string) => void;
}

export interface TrainMoodResult {
  readonly model: string;
  readonly texts: { readonly train: number; readonly eval: number };
  readonly steps: number;
  readonly seconds: number;
  /** The shipped classifier and the trained one, on texts that training did not see. */
  readonly before: MoodMetrics;
  readonly after: MoodMetrics;
}

/** One text in this many is kept for the comparison, chosen by its hash: the same ones in each run. */
const heldOutOf = 5;
const fewestTexts = 50;

/**
 * Trains a classifier of moods on the user's own texts, prepared as they are when they are classified.
 * @throws SextantError `invalid_argument` for too few texts or a missing class, and what `trainClassifier` throws.
 */
export async function trainMoodModel(options: TrainMoodOptions): Promise<TrainMoodResult> {
  const { data, outDir, storageDir, modelDir, threads, backend, signal, onProgress } = options;
  const prepared = prepare(data);
  const kept = prepared.filter(({ text }) => isHeldOut(text));
  const train = prepared.filter(({ text }) => !isHeldOut(text));
  checkEnough(train, kept);
  const bounds = signal === undefined ? {} : { signal };
  const before = await measure(undefined, kept, options);
  const result = await trainClassifier({
    modelDir: modelDir ?? moodModelDirectory,
    outDir,
    checkpointDir: path.join(storageDir, 'training', digestOf(outDir).toString('hex')),
    examples: train.map(({ text, label }) => ({ text: ` ${cleanText(text, 'comment').normalized}`, label })),
    labels: moodLabels,
    name: path.basename(outDir),
    settings: {
      epochs: options.epochs,
      batchSize: options.batchSize,
      learningRate: options.learningRate,
      labelWeights: labelWeights(train),
      maxTokens: 128,
      threads,
    },
    onStep: ({ step, steps, loss }) => onProgress?.(`step ${step} of ${steps}, loss ${loss.toFixed(4)}`),
    ...bounds,
  });
  const after = await measure(result.modelDir, kept, { threads, backend, ...bounds });
  const texts = { train: train.length, eval: kept.length };
  return { model: result.modelDir, texts, steps: result.steps, seconds: result.seconds, before, after };
}

/** Texts that the classifier would read, each once: the last label counts, since corrections come later. */
function prepare(data: readonly LabelledText[]): LabelledText[] {
  const byText = new Map<string, LabelledText>();
  for (const item of data) {
    const { normalized, skipped } = cleanText(item.text, 'comment');
    if (skipped === undefined) byText.set(normalized, item);
  }
  return [...byText.values()];
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function isHeldOut(text: string): boolean {
  return digestOf(text).readUInt32BE() % heldOutOf === 0;
}

function checkEnough(train: readonly LabelledText[], kept: readonly LabelledText[]): void {
  const missing = moodLabels.filter((label) => !train.some((item) => item.label === label));
  if (train.length >= fewestTexts && kept.length > 0 && missing.length === 0) return;
  throw new SextantError(
    'invalid_argument',
    missing.length > 0
      ? `The data have no ${missing.join(' and no ')} texts to train on.`
      : `${train.length} texts are too few to train on.`,
    { hint: `Give at least ${fewestTexts} texts, some of each of ${moodLabels.join(', ')}.` },
  );
}

/** Rare labels count more, by the root of how rare they are. */
function labelWeights(texts: readonly LabelledText[]): number[] {
  const counts = moodLabels.map((label) => texts.filter((item) => item.label === label).length);
  const mean = texts.length / moodLabels.length;
  return counts.map((count) => Math.sqrt(mean / count));
}

async function measure(
  modelDir: string | undefined,
  texts: readonly LabelledText[],
  { threads, backend, signal }: Pick<TrainMoodOptions, 'threads' | 'backend' | 'signal'>,
): Promise<MoodMetrics> {
  const bounds = signal === undefined ? {} : { signal };
  const classifier = await MoodClassifier.open({
    threads,
    backend,
    ...bounds,
    ...(modelDir === undefined ? {} : { modelDir }),
  });
  try {
    const moods = await classifier.classify(
      texts.map(({ text }) => text),
      'comment',
      bounds,
    );
    const labels: readonly MoodLabel[] = texts.map(({ label }) => label);
    return moodMetrics(moods, labels);
  } finally {
    await classifier.dispose();
  }
}
