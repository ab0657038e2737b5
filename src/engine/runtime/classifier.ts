import type { BackendStatus } from '../../shared/status.ts';
import type { EmbedOptions } from './encoder.ts';
import type { PackedRunner } from './packedRunner.ts';

/** Sorts texts into the classes a model was fine-tuned for. */
export interface Classifier {
  /** Names of the classes, in the order of the scores. */
  readonly labels: readonly string[];
  readonly backend: BackendStatus;
  /** Probabilities of the classes for each text, `[labels]` each, in the order given; they sum to 1. */
  classify(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]>;
  dispose(): Promise<void>;
}

export class PackedClassifier implements Classifier {
  readonly labels: readonly string[];
  readonly backend: BackendStatus;
  readonly #runner: PackedRunner;

  /** Takes the runner over and disposes it. */
  constructor(labels: readonly string[], runner: PackedRunner, backend: BackendStatus) {
    this.labels = labels;
    this.backend = backend;
    this.#runner = runner;
  }

  async classify(texts: readonly string[], options?: EmbedOptions): Promise<Float32Array[]> {
    const { rows } = await this.#runner.run(texts, '', 'document', options);
    return rows.map(softmax);
  }

  dispose(): Promise<void> {
    return this.#runner.dispose();
  }
}

function softmax(logits: Float32Array): Float32Array {
  const largest = logits.reduce((a, b) => Math.max(a, b), -Infinity);
  const powers = logits.map((logit) => Math.exp(logit - largest));
  const sum = powers.reduce((a, b) => a + b, 0);
  return powers.map((power) => power / sum);
}
