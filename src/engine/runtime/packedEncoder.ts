import type { BackendStatus } from '../../shared/status.ts';
import type { ModelFolder } from '../model/modelFolder.ts';
import type { Embedded, EmbedKind, EmbedOptions, Encoder } from './encoder.ts';
import type { PackedRunner } from './packedRunner.ts';

/** The embedding head of a model, with the prefixes it was trained with. */
export class PackedEncoder implements Encoder {
  readonly name: string;
  readonly fingerprint: string;
  readonly dimension: number;
  readonly backend: BackendStatus;
  readonly #prefixes: ModelFolder['prefixes'];
  readonly #runner: PackedRunner;

  /** Takes the runner over and disposes it. */
  constructor(model: ModelFolder, runner: PackedRunner, backend: BackendStatus) {
    this.name = model.name;
    this.fingerprint = model.fingerprint;
    this.dimension = model.dimension;
    this.backend = backend;
    this.#prefixes = model.prefixes;
    this.#runner = runner;
  }

  async embed(texts: readonly string[], kind: EmbedKind, options?: EmbedOptions): Promise<Embedded> {
    const { rows, tokens } = await this.#runner.run(texts, this.#prefixes[kind], kind, options);
    return { embeddings: rows, tokens };
  }

  dispose(): Promise<void> {
    return this.#runner.dispose();
  }
}
