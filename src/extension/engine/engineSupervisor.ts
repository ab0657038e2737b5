import * as z from 'zod/mini';
import { isCancellation, SextantError, type ErrorCode } from '../../shared/errors.ts';
import { protocolVersion, type EngineSettings, type LogLine } from '../../shared/protocol.ts';
import type { HistoryStatus } from '../../shared/history.ts';
import type { FinetuneEvent } from '../../shared/finetune.ts';
import type { MeasureProgress } from '../../shared/measure.ts';
import type { ModelProgress } from '../../shared/models.ts';
import type { EngineStatus } from '../../shared/status.ts';
import type { EngineExit, EngineLaunch, EngineProcess } from './engineProcess.ts';
import { engineUnavailable } from './engineUnavailable.ts';
import { defaultHeartbeat, keepHeartbeat, pause, type HeartbeatOptions } from './heartbeat.ts';
import { defaultRestartPolicy, RestartPolicy, type RestartPolicyOptions } from './restartPolicy.ts';

export type EngineState =
  /** Not asked for yet, or shut down. */
  | { readonly kind: 'stopped' }
  | { readonly kind: 'starting' }
  | { readonly kind: 'running'; readonly pid: number; readonly version: string }
  /** Crashed; started again after a pause. */
  | { readonly kind: 'restarting'; readonly error: SextantError; readonly delayMs: number }
  /** Given up; only {@link EngineSupervisor.restart} leaves this state. */
  | { readonly kind: 'failed'; readonly error: SextantError };

export interface SupervisorOptions {
  readonly launch: EngineLaunch;
  readonly storageDir: string;
  /** Read at every start, so that a restarted engine gets the settings of now. */
  readonly settings: () => EngineSettings;
  /** Brings a fresh engine to where the last one was; its failure is logged, not fatal. */
  readonly restore: (engine: EngineProcess) => Promise<void>;
  readonly onState: (state: EngineState) => void;
  readonly onStatus: (status: EngineStatus) => void;
  readonly onLog: (line: LogLine) => void;
  readonly onHistory: (status: HistoryStatus) => void;
  readonly onModelProgress: (progress: ModelProgress) => void;
  readonly onMeasureProgress: (progress: MeasureProgress) => void;
  readonly onFinetune: (event: FinetuneEvent) => void;
  readonly restartPolicy?: RestartPolicyOptions;
  readonly heartbeat?: HeartbeatOptions;
  readonly handshakeTimeoutMs?: number;
  /** How long a polite `shutdown` may take before the process is killed. */
  readonly shutdownTimeoutMs?: number;
}

const handshakeSchema = z.object({ protocolVersion: z.int(), version: z.string(), pid: z.int() });

/** Errors of the handshake that a restart may cure; any other is the same the next time. */
const transient: readonly ErrorCode[] = ['internal', 'engine_unavailable', 'database_busy', 'cancelled'];

/**
 * Keeps one engine process alive: forks it on first use, shakes hands, pings it, restarts it after a crash with growing
 * pauses, and gives up when it crashes too often.
 */
export class EngineSupervisor {
  readonly #options: SupervisorOptions;
  readonly #policy: RestartPolicy;
  #state: EngineState = { kind: 'stopped' };
  #ready = Promise.withResolvers<EngineProcess>();
  #engine: EngineProcess | undefined;
  /** Aborts everything that belongs to the current run: handshake, heartbeat, back-off. */
  #run = new AbortController();
  #restarting: Promise<void> | undefined;
  #disposed = false;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#policy = new RestartPolicy(options.restartPolicy ?? defaultRestartPolicy);
    this.#ready.promise.catch(() => undefined);
  }

  get state(): EngineState {
    return this.#state;
  }

  /** The engine if it answers right now. Never starts one. */
  get running(): EngineProcess | undefined {
    return this.#state.kind === 'running' ? this.#engine : undefined;
  }

  /** Forks the engine unless that was done before. */
  start(): void {
    if (this.#state.kind !== 'stopped' || this.#disposed) return;
    void this.#supervise(this.#run.signal);
  }

  /** The running engine, started and waited for when necessary. Rejects when it was given up, or with the signal's reason. */
  async ready(signal?: AbortSignal): Promise<EngineProcess> {
    signal?.throwIfAborted();
    if (this.#disposed) throw engineUnavailable('Sextant was shut down.');
    this.start();
    if (!signal) return this.#ready.promise;
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => aborted.reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([this.#ready.promise, aborted.promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  /** Ends the engine, forgets earlier crashes and starts a fresh one. */
  restart(): Promise<void> {
    this.#restarting ??= this.#startAfresh().finally(() => (this.#restarting = undefined));
    return this.#restarting;
  }

  /** Ends the engine for good. Resolves when its process is gone. */
  async dispose(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    await this.#stop();
    this.#ready.reject(engineUnavailable('Sextant was shut down.'));
    this.#setState({ kind: 'stopped' });
  }

  async #startAfresh(): Promise<void> {
    await this.#stop();
    if (this.#disposed) return;
    this.#policy.reset();
    this.#resetReady();
    this.#setState({ kind: 'stopped' });
    this.start();
  }

  /** One run: start, wait for the end, and again, until given up or aborted. */
  async #supervise(signal: AbortSignal): Promise<void> {
    for (;;) {
      this.#setState({ kind: 'starting' });
      const error = await this.#live(signal);
      if (signal.aborted) return;
      const delayMs = transient.includes(error.code) ? this.#policy.crashed(performance.now()) : undefined;
      this.#log('error', error.message, { code: error.code, ...(delayMs === undefined ? {} : { restartMs: delayMs }) });
      if (delayMs === undefined) {
        const failure = transient.includes(error.code) ? givenUp(error) : error;
        this.#setState({ kind: 'failed', error: failure });
        this.#ready.reject(failure);
        return;
      }
      this.#setState({ kind: 'restarting', error, delayMs });
      if (!(await pause(delayMs, signal))) return;
    }
  }

  async #launch(signal: AbortSignal): Promise<EngineProcess> {
    // Loaded with the first engine: activation must not pay for the RPC library.
    const { EngineProcess } = await import('./engineProcess.ts');
    signal.throwIfAborted();
    this.#engine = new EngineProcess(this.#options.launch, {
      log: (line) => this.#options.onLog(line),
      statusChanged: (status) => this.#options.onStatus(status),
      historyChanged: (status) => this.#options.onHistory(status),
      modelProgress: (progress) => this.#options.onModelProgress(progress),
      measureProgress: (progress) => this.#options.onMeasureProgress(progress),
      finetuneChanged: (event) => this.#options.onFinetune(event),
    });
    return this.#engine;
  }

  /** The life of one process; resolves with the reason of its end. */
  async #live(signal: AbortSignal): Promise<SextantError> {
    let engine: EngineProcess;
    try {
      engine = await this.#launch(signal);
    } catch (error) {
      return engineUnavailable(`The engine cannot be started: ${String(error)}`, error);
    }
    const life = new AbortController();
    let hung = false;
    // Registered before anyone else can wait for the exit, so that nobody is handed a dead engine as ready.
    void engine.exited.then(() => {
      life.abort();
      if (!signal.aborted) this.#resetReady();
    });
    const onHang = (): void => {
      hung = true;
      engine.kill();
    };
    try {
      const { pid, version } = await this.#handshake(engine, AbortSignal.any([signal, life.signal]));
      const ping = (abort: AbortSignal): Promise<unknown> => engine.request('ping', {}, abort);
      void keepHeartbeat(ping, onHang, this.#options.heartbeat ?? defaultHeartbeat, life.signal);
      await this.#restore(engine);
      if (!engine.alive || signal.aborted) throw engineUnavailable('The engine stopped while it started.');
      this.#log('info', 'The engine runs.', { pid, version });
      this.#setState({ kind: 'running', pid, version });
      this.#ready.resolve(engine);
      return crashError(await engine.exited, hung);
    } catch (error) {
      const died = !engine.alive;
      engine.kill();
      const exit = await engine.exited;
      return error instanceof SextantError && !died ? error : crashError(exit, hung, error);
    }
  }

  async #handshake(engine: EngineProcess, signal: AbortSignal): Promise<z.infer<typeof handshakeSchema>> {
    const timeoutMs = this.#options.handshakeTimeoutMs ?? 30_000;
    const timeout = AbortSignal.timeout(timeoutMs);
    try {
      const params = { protocolVersion, storageDir: this.#options.storageDir, settings: this.#options.settings() };
      const answer = handshakeSchema.safeParse(
        await engine.request('initialize', params, AbortSignal.any([signal, timeout])),
      );
      if (!answer.success || answer.data.protocolVersion !== protocolVersion) throw versionMismatch();
      return answer.data;
    } catch (error) {
      if (timeout.aborted) throw engineUnavailable(`The engine did not start within ${timeoutMs / 1000} s.`, error);
      throw error;
    }
  }

  async #restore(engine: EngineProcess): Promise<void> {
    try {
      await this.#options.restore(engine);
    } catch (error) {
      if (engine.alive && !isCancellation(error)) this.#log('error', `Restoring the engine’s state: ${String(error)}`);
    }
  }

  /** Ends the current run and its process, politely if it still listens. */
  async #stop(): Promise<void> {
    const engine = this.#engine;
    const polite = this.#state.kind === 'running';
    this.#run.abort();
    this.#run = new AbortController();
    this.#engine = undefined;
    if (!engine?.alive) return;
    const timeout = this.#options.shutdownTimeoutMs ?? 1_500;
    const goodbye = AbortSignal.timeout(timeout);
    if (polite) engine.request('shutdown', {}, goodbye).catch(() => undefined);
    const gone = AbortSignal.any([goodbye, aborted(engine.exited)]);
    if (polite) await pause(timeout + 1, gone);
    engine.kill();
    await engine.exited;
  }

  #resetReady(): void {
    // Waiters of a run that crashed before it was ready keep waiting for the next one.
    const before = this.#ready;
    this.#ready = Promise.withResolvers();
    this.#ready.promise.catch(() => undefined);
    before.resolve(this.#ready.promise);
  }

  #setState(state: EngineState): void {
    this.#state = state;
    this.#options.onState(state);
  }

  #log(level: LogLine['level'], message: string, data?: LogLine['data']): void {
    this.#options.onLog(data ? { level, message, data } : { level, message });
  }
}

function versionMismatch(): SextantError {
  return new SextantError('protocol_mismatch', 'The engine belongs to another version of Sextant.', {
    hint: 'Reload the window. If that does not help, install the extension again.',
  });
}

function givenUp(last: SextantError): SextantError {
  return engineUnavailable(`${last.message} It stopped too often and was not started again.`, last.cause);
}

function crashError(exit: EngineExit, hung: boolean, cause?: unknown): SextantError {
  const how = hung
    ? 'stopped answering'
    : exit.signal !== null
      ? `was ended by ${exit.signal}`
      : `exited with code ${exit.code ?? 'unknown'}`;
  return engineUnavailable(`The engine ${how}.`, exit.lastWords || cause);
}

/** A signal that aborts when the promise resolves. */
function aborted(promise: Promise<unknown>): AbortSignal {
  const controller = new AbortController();
  void promise.then(() => controller.abort());
  return controller.signal;
}
