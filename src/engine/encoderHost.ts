import os from 'node:os';
import { serializeError, type SerializedError } from '../shared/errors.ts';
import type { EngineSettings } from '../shared/protocol.ts';
import type { BackendStatus, ModelStatus } from '../shared/status.ts';
import { embeddedModelDirectory } from './paths.ts';
import { createEncoder } from './runtime/createEncoder.ts';
import type { Encoder } from './runtime/encoder.ts';

type EncoderSettings = Pick<EngineSettings, 'modelPath' | 'backend' | 'threads'>;

/** Loads the one encoder of the engine on first use, tells when there is another, and disposes of the one before. */
export class EncoderHost {
  readonly #onChange: (encoder: Encoder | undefined) => void;
  #settings: EncoderSettings;
  #loading: Promise<Encoder> | undefined;
  #encoder: Encoder | undefined;
  #error: SerializedError | undefined;

  constructor(settings: EncoderSettings, onChange: (encoder: Encoder | undefined) => void) {
    this.#settings = settings;
    this.#onChange = onChange;
  }

  /** The encoder if it is loaded by now. */
  get current(): Encoder | undefined {
    return this.#encoder;
  }

  get error(): SerializedError | undefined {
    return this.#error;
  }

  get model(): ModelStatus | undefined {
    if (this.#encoder === undefined) return undefined;
    const { name, fingerprint, dimension } = this.#encoder;
    return { name, fingerprint, dimension };
  }

  get backend(): BackendStatus | undefined {
    return this.#encoder?.backend;
  }

  /** @throws SextantError `model_missing`, `model_invalid` or `runtime_unavailable`; the next call tries again. */
  load(): Promise<Encoder> {
    this.#loading ??= this.#start();
    return this.#loading;
  }

  /** Loads another model where the settings ask for one; what is being embedded with the old one is given up. */
  async update(settings: EncoderSettings): Promise<void> {
    const { modelPath, backend, threads } = this.#settings;
    if (modelPath === settings.modelPath && backend === settings.backend && threads === settings.threads) return;
    this.#settings = settings;
    const wanted = this.#loading !== undefined;
    await this.dispose();
    if (wanted) await this.load().catch(() => undefined);
  }

  async dispose(): Promise<void> {
    const loading = this.#loading;
    this.#loading = undefined;
    if (this.#encoder !== undefined) {
      this.#encoder = undefined;
      this.#onChange(undefined);
    }
    const encoder = await loading?.catch(() => undefined);
    await encoder?.dispose();
  }

  #start(): Promise<Encoder> {
    const { modelPath, backend } = this.#settings;
    const threads = this.#settings.threads || Math.max(1, Math.floor(os.availableParallelism() / 2));
    const attempt = createEncoder({ modelDir: modelPath || embeddedModelDirectory, backend, threads });
    // Another `load` may have begun meanwhile; only the latest one speaks for this host.
    const isCurrent = (): boolean => this.#loading === tracked;
    const tracked: Promise<Encoder> = attempt.then(
      (encoder) => {
        if (isCurrent()) {
          this.#error = undefined;
          this.#encoder = encoder;
          this.#onChange(encoder);
        }
        return encoder;
      },
      (error: unknown) => {
        if (isCurrent()) {
          this.#error = serializeError(error);
          this.#loading = undefined;
          this.#onChange(undefined);
        }
        throw error;
      },
    );
    return tracked;
  }
}
