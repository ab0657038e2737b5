import { serializeError, type SerializedError } from '../shared/errors.ts';
import type { EngineSettings } from '../shared/protocol.ts';
import type { BackendStatus, ModelStatus } from '../shared/status.ts';
import { embeddedModelDirectory } from './paths.ts';
import { RemoteEncoder } from './remote/remoteEncoder.ts';
import { createEncoder } from './runtime/createEncoder.ts';
import type { Encoder } from './runtime/encoder.ts';

type EncoderSettings = Pick<
  EngineSettings,
  'modelPath' | 'backend' | 'precision' | 'threads' | 'gpuMemoryMB' | 'remote'
>;

/** A server that does not answer is asked again after this; until then nobody waits for it. */
const reconnectMs = 15_000;

/**
 * Loads the encoder of the engine on first use and tells when there is another. The one before stays for queries as long as
 * its embeddings serve.
 */
export class EncoderHost {
  readonly #onChange: (encoder: Encoder | undefined) => void;
  #settings: EncoderSettings;
  #loading: Promise<Encoder> | undefined;
  #encoder: Encoder | undefined;
  #previous: Encoder | undefined;
  /** Somebody has asked for an encoder: a change of settings loads the other one. */
  #wanted = false;
  #error: SerializedError | undefined;
  /** Runs while a server that failed is left alone. */
  #reconnect: { readonly timer: NodeJS.Timeout; readonly error: Error } | undefined;

  constructor(settings: EncoderSettings, onChange: (encoder: Encoder | undefined) => void) {
    this.#settings = settings;
    this.#onChange = onChange;
  }

  /** The encoder if it is loaded by now. */
  get current(): Encoder | undefined {
    return this.#encoder;
  }

  /** A loaded encoder whose embeddings are among the serving ones. */
  matching(serving: ReadonlySet<string>): Encoder | undefined {
    return [this.#encoder, this.#previous].find((encoder) => encoder !== undefined && serving.has(encoder.fingerprint));
  }

  /** Lets the previous encoder go once nothing of it serves any more. */
  retire(isServing: (fingerprint: string) => boolean): void {
    const previous = this.#previous;
    if (previous === undefined || this.#encoder === undefined) return;
    if (previous.fingerprint !== this.#encoder.fingerprint && isServing(previous.fingerprint)) return;
    this.#previous = undefined;
    void previous.dispose();
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
    this.#wanted = true;
    if (this.#reconnect !== undefined) return Promise.reject(this.#reconnect.error);
    this.#loading ??= this.#start();
    return this.#loading;
  }

  /** Loads another model where the settings ask for one. Nothing is announced before it is loaded or has failed. */
  async update(settings: EncoderSettings): Promise<void> {
    if (keyOf(settings) === keyOf(this.#settings)) return;
    this.#settings = settings;
    this.#stopWaiting();
    const before = this.#loading;
    this.#loading = undefined;
    if (!this.#wanted) return;
    const loaded = await before?.catch(() => undefined);
    // Settings that changed twice: the one that never served is of no use.
    if (loaded !== undefined && loaded !== this.#encoder) await loaded.dispose();
    if (this.#encoder !== undefined) {
      await this.#previous?.dispose();
      this.#previous = this.#encoder;
      this.#encoder = undefined;
    }
    await this.load().catch(() => undefined);
  }

  async dispose(): Promise<void> {
    this.#stopWaiting();
    const loading = this.#loading;
    const previous = this.#previous;
    this.#loading = undefined;
    this.#encoder = undefined;
    this.#previous = undefined;
    const encoder = await loading?.catch(() => undefined);
    await encoder?.dispose();
    await previous?.dispose();
  }

  #start(): Promise<Encoder> {
    const attempt = open(this.#settings);
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
          if (this.#settings.remote !== undefined) this.#wait(error);
          this.#onChange(undefined);
        }
        throw error;
      },
    );
    return tracked;
  }

  #wait(error: unknown): void {
    const timer = setTimeout(() => {
      this.#reconnect = undefined;
      this.load().catch(() => undefined);
    }, reconnectMs);
    timer.unref();
    this.#reconnect = { timer, error: error instanceof Error ? error : new Error(String(error)) };
  }

  #stopWaiting(): void {
    clearTimeout(this.#reconnect?.timer);
    this.#reconnect = undefined;
  }
}

function keyOf({ modelPath, backend, precision, threads, gpuMemoryMB, remote }: EncoderSettings): string {
  return JSON.stringify([modelPath, backend, precision, threads, gpuMemoryMB, remote]);
}

function open({ modelPath, backend, precision, threads, gpuMemoryMB = 0, remote }: EncoderSettings): Promise<Encoder> {
  if (remote !== undefined) return RemoteEncoder.connect(remote);
  return createEncoder({ modelDir: modelPath || embeddedModelDirectory, backend, precision, threads, gpuMemoryMB });
}
