import { createHash } from 'node:crypto';
import { setImmediate as yieldToEvents } from 'node:timers/promises';
import { SextantError } from '../../shared/errors.ts';
import { moodLabels, type Mood, type MoodExplanation, type MoodKind, type MoodScores } from '../../shared/sentiment.ts';
import { readModelFolder } from '../model/modelFolder.ts';
import { moodModelDirectory } from '../paths.ts';
import type { BackendChoice } from '../runtime/backends.ts';
import type { Classifier } from '../runtime/classifier.ts';
import { createClassifier } from '../runtime/createEncoder.ts';
import { cleanText, type CleanText } from './cleanText.ts';
import { explainMood } from './explainMood.ts';
import { textPreparationVersion } from './normalizeText.ts';

export interface MoodClassifierOptions {
  /** A model of the three moods in Hugging Face layout; the one that ships with Sextant if it is not said. */
  readonly modelDir?: string;
  /** Upper bound of the threads that compute; 0 takes half of the cores. */
  readonly threads: number;
  readonly backend: BackendChoice;
  readonly signal?: AbortSignal;
}

export interface ClassifyMoodOptions {
  readonly signal?: AbortSignal;
  /** Texts classified so far, of all that were given. */
  readonly onProgress?: (done: number) => void;
  /** Authors of the texts, by index: what a bot wrote is skipped. */
  readonly authors?: readonly (string | undefined)[];
}

/** Texts that are cleaned before the event loop gets its turn: a few milliseconds. */
const cleanedAtOnce = 64;
/** Texts classified together: bounds what is held, and how long a cancellation takes. */
const windowTexts = 2048;

/**
 * How much rarer feelings are than in the comments the model learned from (Saerens et al. 2002, “Adjusting the outputs of a
 * classifier to new a priori probabilities”). Of commit messages one in fifty shows one; this goes part of the way.
 */
const feelingPrior: Readonly<Record<MoodKind, number>> = { commit: 0.4, issue: 1, comment: 1 };

/** Tells negative, neutral and positive developer texts apart. */
export class MoodClassifier {
  /** Identifies model and cleaning: a mood that was stored under another one is stale. */
  readonly fingerprint: string;
  readonly #classifier: Classifier;
  /** Position of each mood among the model's classes. */
  readonly #columns: Readonly<Record<keyof MoodScores, number>>;

  private constructor(fingerprint: string, classifier: Classifier) {
    this.fingerprint = fingerprint;
    this.#classifier = classifier;
    this.#columns = columnsOf(classifier.labels);
  }

  /**
   * @throws SextantError `model_missing`, `model_invalid` (also for a model of other classes) or `runtime_unavailable`;
   * the signal's reason when aborted.
   */
  static async open(options: MoodClassifierOptions): Promise<MoodClassifier> {
    const { modelDir = moodModelDirectory, threads, backend, signal } = options;
    const bounds = signal === undefined ? {} : { signal };
    const [model, classifier] = await Promise.all([
      readModelFolder(modelDir, bounds),
      createClassifier({ modelDir, threads, backend, ...bounds }),
    ]);
    const fingerprint = createHash('sha256').update(`${model.fingerprint} ${textPreparationVersion}`).digest('hex');
    try {
      return new MoodClassifier(fingerprint, classifier);
    } catch (error) {
      await classifier.dispose();
      throw error;
    }
  }

  /** One mood for each text, in order. Texts that read alike are classified once. */
  async classify(texts: readonly string[], kind: MoodKind, options: ClassifyMoodOptions = {}): Promise<Mood[]> {
    const { signal, onProgress, authors } = options;
    const moods: Mood[] = [];
    for (let start = 0; start < texts.length; start += windowTexts) {
      const window = texts.slice(start, start + windowTexts);
      const cleaned = await cleanAll(window, kind, authors?.slice(start, start + windowTexts), signal);
      const distinct = [...new Set(cleaned.filter(isRead).map(({ normalized }) => normalized))];
      const scores = await this.#scores(distinct, kind, signal);
      const byText = new Map(distinct.map((text, index) => [text, scores[index]!]));
      moods.push(...cleaned.map((text) => (isRead(text) ? moodOf(byText.get(text.normalized)!) : skippedMood(text))));
      onProgress?.(moods.length);
    }
    return moods;
  }

  /** The words that weighed most in one text. */
  async explain(text: string, kind: MoodKind = 'comment', signal?: AbortSignal): Promise<MoodExplanation> {
    const cleaned = cleanText(text, kind);
    if (!isRead(cleaned)) return { mood: skippedMood(cleaned), words: [] };
    return explainMood(cleaned, async (variants) => (await this.#scores(variants, kind, signal)).map(moodOf));
  }

  dispose(): Promise<void> {
    return this.#classifier.dispose();
  }

  async #scores(texts: readonly string[], kind: MoodKind, signal: AbortSignal | undefined): Promise<MoodScores[]> {
    // The space in front is what the tokenizer puts before every other word.
    const rows = await this.#classifier.classify(
      texts.map((text) => ` ${text}`),
      signal === undefined ? {} : { signal },
    );
    const { negative, neutral, positive } = this.#columns;
    return rows.map((row) =>
      withPrior({ negative: row[negative]!, neutral: row[neutral]!, positive: row[positive]! }, feelingPrior[kind]),
    );
  }
}

async function cleanAll(
  texts: readonly string[],
  kind: MoodKind,
  authors: readonly (string | undefined)[] | undefined,
  signal: AbortSignal | undefined,
): Promise<CleanText[]> {
  const cleaned: CleanText[] = [];
  for (const [index, text] of texts.entries()) {
    if (index % cleanedAtOnce === 0) {
      await yieldToEvents();
      signal?.throwIfAborted();
    }
    cleaned.push(cleanText(text, kind, authors?.[index]));
  }
  return cleaned;
}

function isRead({ skipped }: CleanText): boolean {
  return skipped === undefined;
}

function skippedMood({ skipped }: CleanText): Mood {
  const mood: Mood = { label: 'neutral', scores: { negative: 0, neutral: 1, positive: 0 } };
  return skipped === undefined ? mood : { ...mood, skipped };
}

function withPrior({ negative, neutral, positive }: MoodScores, prior: number): MoodScores {
  const sum = prior * (negative + positive) + neutral;
  return { negative: (prior * negative) / sum, neutral: neutral / sum, positive: (prior * positive) / sum };
}

function moodOf(scores: MoodScores): Mood {
  const label = moodLabels.reduce((best, candidate) => (scores[candidate] > scores[best] ? candidate : best));
  return { label, scores };
}

function columnsOf(labels: readonly string[]): Readonly<Record<keyof MoodScores, number>> {
  const column = (label: keyof MoodScores): number => {
    const index = labels.findIndex((name) => name.toLowerCase() === label);
    if (index >= 0) return index;
    throw new SextantError(
      'model_invalid',
      `The model tells ${labels.join(', ')} apart, not ${moodLabels.join(', ')}.`,
    );
  };
  return { negative: column('negative'), neutral: column('neutral'), positive: column('positive') };
}
