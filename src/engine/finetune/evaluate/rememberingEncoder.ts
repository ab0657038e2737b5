import { hash } from 'node:crypto';
import type { EmbedKind, EmbedOptions, Embedded, Encoder } from '../../runtime/encoder.ts';

/** An encoder that encodes no text twice: the model that a run starts from is asked for the same texts at every stage. */
export class RememberingEncoder implements Encoder {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
  readonly backend: Encoder['backend'];
  readonly #encoder: Encoder;
  readonly #known = new Map<string, Float32Array>();

  constructor(encoder: Encoder) {
    this.#encoder = encoder;
    this.name = encoder.name;
    this.fingerprint = encoder.fingerprint;
    this.dimension = encoder.dimension;
    this.backend = encoder.backend;
  }

  async embed(texts: readonly string[], kind: EmbedKind, options?: EmbedOptions): Promise<Embedded> {
    const keys = texts.map((text) => hash('sha256', `${kind} ${text}`, 'base64'));
    const missing = new Map<string, string>();
    for (const [index, key] of keys.entries()) if (!this.#known.has(key)) missing.set(key, texts[index]!);
    const fresh = missing.size === 0 ? undefined : await this.#encoder.embed([...missing.values()], kind, options);
    for (const [index, key] of [...missing.keys()].entries()) this.#known.set(key, fresh!.embeddings[index]!);
    const embeddings = keys.map((key) => this.#known.get(key)!);
    return { embeddings, tokens: fresh?.tokens ?? 0 };
  }

  dispose(): Promise<void> {
    this.#known.clear();
    return this.#encoder.dispose();
  }
}
