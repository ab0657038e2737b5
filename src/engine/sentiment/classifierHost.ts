import type { EngineSettings } from '../../shared/protocol.ts';
import type { MoodExplanation, MoodKind } from '../../shared/sentiment.ts';
import type { HistoryClassifier } from '../history/classifyHistory.ts';
import { MoodClassifier } from './moodClassifier.ts';

/** What is asked of a classifier here; {@link MoodClassifier} has it. */
export interface MoodReader extends HistoryClassifier {
  explain(text: string, kind?: MoodKind): Promise<MoodExplanation>;
}

export interface MoodReaders {
  /** Of the classifier that was opened, so that moods that are stored can be read; undefined before. */
  readonly fingerprint: string | undefined;
  /** @throws SextantError `model_missing`, `model_invalid` or `runtime_unavailable` */
  open(): Promise<MoodReader>;
}

/** Opens the classifier on first use; one that failed is tried again with the next call. */
export class ClassifierHost implements MoodReaders {
  readonly #settings: () => EngineSettings;
  #opening: Promise<MoodClassifier> | undefined;
  #fingerprint: string | undefined;

  constructor(settings: () => EngineSettings) {
    this.#settings = settings;
  }

  get fingerprint(): string | undefined {
    return this.#fingerprint;
  }

  open(): Promise<MoodClassifier> {
    this.#opening ??= this.#open();
    return this.#opening;
  }

  async dispose(): Promise<void> {
    const opened = await this.#opening?.catch(() => undefined);
    await opened?.dispose();
  }

  async #open(): Promise<MoodClassifier> {
    const { threads, backend } = this.#settings();
    try {
      const classifier = await MoodClassifier.open({ threads, backend });
      this.#fingerprint = classifier.fingerprint;
      return classifier;
    } catch (error) {
      this.#opening = undefined;
      throw error;
    }
  }
}
