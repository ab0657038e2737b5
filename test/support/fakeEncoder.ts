import { createHash } from 'node:crypto';
import fs from 'node:fs';
import type { EmbedKind, EmbedOptions, Embedded, Encoder } from '../../src/engine/runtime/encoder.ts';

export interface FakeEncoderOptions {
  readonly dimension?: number;
  readonly fingerprint?: string;
  /** Time a batch takes, in ms. */
  readonly delayMs?: number;
  /** Every text that was encoded is appended here by its hash, one a line, before its vector is returned. */
  readonly logFile?: string;
  /** Replaces vectors, to see bad ones refused. */
  readonly spoil?: (vector: Float32Array, text: string) => Float32Array;
}

/** The unit vector that the fake gives to a text: the same on every machine and run. */
export function fakeVector(text: string, dimension: number, fingerprint = 'fake'): Float32Array {
  const vector = new Float32Array(dimension);
  let norm = 0;
  for (let i = 0; i < dimension; i += 16) {
    const digest = createHash('sha256').update(`${fingerprint}\0${i}\0${text}`).digest();
    for (let j = 0; j < 16 && i + j < dimension; j += 1) {
      const value = digest.readInt16LE(j * 2) / 32768;
      vector[i + j] = value;
      norm += value * value;
    }
  }
  const length = Math.sqrt(norm);
  return vector.map((value) => value / length);
}

/** A deterministic encoder that knows nothing: for tests of what happens around an encoder, never of search quality. */
export class FakeEncoder implements Encoder {
  readonly name = 'fake';
  readonly fingerprint: string;
  readonly dimension: number;
  readonly backend = { name: 'cpu', reason: 'test' } as const;
  /** Texts embedded as documents so far, in order. */
  readonly embedded: string[] = [];
  readonly #options: FakeEncoderOptions;

  constructor(options: FakeEncoderOptions = {}) {
    this.#options = options;
    this.fingerprint = options.fingerprint ?? 'fake';
    this.dimension = options.dimension ?? 32;
  }

  async embed(texts: readonly string[], kind: EmbedKind, { signal, onProgress }: EmbedOptions = {}): Promise<Embedded> {
    signal?.throwIfAborted();
    if (this.#options.delayMs !== undefined) await new Promise((done) => setTimeout(done, this.#options.delayMs));
    signal?.throwIfAborted();
    if (kind === 'document') this.embedded.push(...texts);
    if (this.#options.logFile !== undefined) {
      const lines = texts.map((text) => `${createHash('sha256').update(text).digest('hex')}\n`);
      fs.appendFileSync(this.#options.logFile, lines.join(''));
    }
    const spoil = this.#options.spoil ?? ((vector: Float32Array) => vector);
    const embeddings = texts.map((text) => spoil(fakeVector(text, this.dimension, this.fingerprint), text));
    onProgress?.(texts.length);
    return { embeddings, tokens: texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0) };
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}
