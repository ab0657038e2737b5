import { SextantError } from '../../shared/errors.ts';
import type { Mood, MoodExplanation, MoodKind } from '../../shared/sentiment.ts';
import type { BackendChoice } from '../runtime/backends.ts';

export interface MoodClassifierOptions {
  /** Where the merged weights are kept; see `openMoodModel`. */
  readonly storageDir: string;
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

/** Tells negative, neutral and positive developer texts apart. */
export class MoodClassifier {
  /** Identifies model and cleaning: a mood that was stored under another one is stale. */
  readonly fingerprint: string;

  private constructor(fingerprint: string) {
    this.fingerprint = fingerprint;
  }

  /** @throws SextantError `model_missing`, `model_invalid` or `runtime_unavailable`; the signal's reason when aborted. */
  static open(options: MoodClassifierOptions): Promise<MoodClassifier> {
    options.signal?.throwIfAborted();
    return Promise.resolve(new MoodClassifier('none'));
  }

  /** One mood for each text, in order. */
  classify(texts: readonly string[], kind: MoodKind, options: ClassifyMoodOptions = {}): Promise<Mood[]> {
    options.signal?.throwIfAborted();
    return Promise.reject(new SextantError('model_missing', `There is no model yet for ${texts.length} ${kind}s.`));
  }

  /** The words that weighed most in one text. */
  explain(text: string, kind: MoodKind = 'comment'): Promise<MoodExplanation> {
    return Promise.reject(
      new SextantError('model_missing', `There is no model yet for ${text.length} characters, ${kind}.`),
    );
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
