import { EventEmitter } from 'node:events';
import { serializeError, type SerializedError } from '../../shared/errors.ts';
import type {
  LogLine,
  EngineMethod,
  EngineParams,
  EngineResults,
  EngineSettings,
  WorkspaceRoot,
} from '../../shared/protocol.ts';
import type { HistoryStatus } from '../../shared/history.ts';
import type { FinetuneEvent } from '../../shared/finetune.ts';
import type { MeasureProgress } from '../../shared/measure.ts';
import type { ModelProgress } from '../../shared/models.ts';
import type { EngineStatus } from '../../shared/status.ts';
import type { EngineProcess } from './engineProcess.ts';
import { EngineSupervisor, type EngineState, type SupervisorOptions } from './engineSupervisor.ts';

export interface EngineClientOptions extends Omit<
  SupervisorOptions,
  'settings' | 'restore' | 'onState' | 'onStatus' | 'onHistory' | 'onModelProgress' | 'onMeasureProgress' | 'onFinetune'
> {
  readonly settings: EngineSettings;
}

interface ClientEvents {
  status: [EngineStatus | null];
  state: [EngineState];
  history: [HistoryStatus];
  modelProgress: [ModelProgress];
  measureProgress: [MeasureProgress];
  finetune: [FinetuneEvent];
}

/** Requests that only read: asked once more when the engine crashed under them. */
const repeatable: readonly EngineMethod[] = [
  'search',
  'similar',
  'duplicates',
  'status',
  'diagnostics',
  'finetuneRuns',
  'mood',
  'showCommit',
];

/** Typed access to the engine that survives its restarts: a fresh engine gets the settings and roots of now. */
export class EngineClient {
  readonly #supervisor: EngineSupervisor;
  readonly #events = new EventEmitter<ClientEvents>();
  #settings: EngineSettings;
  #roots: readonly WorkspaceRoot[] = [];
  /** What the present engine was told last. */
  #told: { settings?: EngineSettings; roots?: readonly WorkspaceRoot[] } = {};
  #paused = false;
  #status: EngineStatus | null = null;
  readonly #onLog: (line: LogLine) => void;

  constructor(options: EngineClientOptions) {
    this.#settings = options.settings;
    this.#onLog = options.onLog;
    this.#supervisor = new EngineSupervisor({
      ...options,
      settings: () => (this.#told.settings = this.#settings),
      restore: (engine) => this.#restore(engine),
      onState: (state) => this.#onState(state),
      onStatus: (status) => this.#setStatus(status),
      onHistory: (status) => this.#events.emit('history', status),
      onModelProgress: (progress) => this.#events.emit('modelProgress', progress),
      onMeasureProgress: (progress) => this.#events.emit('measureProgress', progress),
      onFinetune: (event) => this.#events.emit('finetune', event),
    });
  }

  /** What the engine last said of itself; `null` while there is none. */
  get status(): EngineStatus | null {
    return this.#status;
  }

  get state(): EngineState {
    return this.#supervisor.state;
  }

  /** Returns the function that unsubscribes. */
  onStatus(listener: (status: EngineStatus | null) => void): () => void {
    this.#events.on('status', listener);
    return () => this.#events.off('status', listener);
  }

  /** Returns the function that unsubscribes. */
  onState(listener: (state: EngineState) => void): () => void {
    this.#events.on('state', listener);
    return () => this.#events.off('state', listener);
  }

  /** Returns the function that unsubscribes. */
  onHistory(listener: (status: HistoryStatus) => void): () => void {
    this.#events.on('history', listener);
    return () => this.#events.off('history', listener);
  }

  /** Returns the function that unsubscribes. */
  onModelProgress(listener: (progress: ModelProgress) => void): () => void {
    this.#events.on('modelProgress', listener);
    return () => this.#events.off('modelProgress', listener);
  }

  /** Returns the function that unsubscribes. */
  onMeasureProgress(listener: (progress: MeasureProgress) => void): () => void {
    this.#events.on('measureProgress', listener);
    return () => this.#events.off('measureProgress', listener);
  }

  /** Returns the function that unsubscribes. */
  onFinetune(listener: (event: FinetuneEvent) => void): () => void {
    this.#events.on('finetune', listener);
    return () => this.#events.off('finetune', listener);
  }

  start(): void {
    this.#supervisor.start();
  }

  /**
   * Starts the engine if necessary and asks it. Rejects with a `SextantError` (`engine_unavailable` when it was given
   * up), or with the signal's reason.
   */
  async request<M extends EngineMethod>(
    method: M,
    params: EngineParams<M>,
    signal?: AbortSignal,
  ): Promise<EngineResults[M]> {
    const engine = await this.#supervisor.ready(signal);
    try {
      return await engine.request(method, params, signal);
    } catch (error) {
      if (engine.alive || !repeatable.includes(method) || signal?.aborted) throw error;
      // The request may know of the end before the supervisor does.
      await engine.exited;
      return (await this.#supervisor.ready(signal)).request(method, params, signal);
    }
  }

  /** Like {@link request}, but does nothing when no engine runs: a fresh one finds the facts out by itself. */
  async tell<M extends EngineMethod>(method: M, params: EngineParams<M>): Promise<void> {
    await this.#supervisor.running?.request(method, params);
  }

  /** The workspace folders from now on; a running engine opens and closes roots accordingly. */
  async setRoots(roots: readonly WorkspaceRoot[]): Promise<void> {
    this.#roots = roots;
    const engine = this.#supervisor.running;
    if (engine) await this.#openRoots(engine);
  }

  async setSettings(settings: EngineSettings): Promise<void> {
    this.#settings = settings;
    const engine = this.#supervisor.running;
    if (engine) await this.#updateSettings(engine);
  }

  async setPaused(paused: boolean): Promise<void> {
    await this.request(paused ? 'pause' : 'resume', {});
    this.#paused = paused;
  }

  restart(): Promise<void> {
    return this.#supervisor.restart();
  }

  async dispose(): Promise<void> {
    await this.#supervisor.dispose();
    this.#events.removeAllListeners();
  }

  async #restore(engine: EngineProcess): Promise<void> {
    if (this.#paused) await engine.request('pause', {});
    await this.#openRoots(engine);
  }

  /** What cannot be opened shows as a broken root wherever the status is shown. */
  async #openRoots(engine: EngineProcess): Promise<void> {
    const roots = this.#roots;
    this.#told.roots = roots;
    try {
      this.#setStatus(await engine.request('openRoots', { roots: [...roots] }));
    } catch (error) {
      if (engine.alive) this.#setStatus(brokenStatus(roots, serializeError(error), this.#paused));
      throw error;
    }
  }

  async #updateSettings(engine: EngineProcess): Promise<void> {
    this.#told.settings = this.#settings;
    this.#setStatus(await engine.request('updateSettings', { settings: this.#settings }));
  }

  /** Tells an engine that runs now what changed while it started: a key that was read from the secrets meanwhile, a folder. */
  async #catchUp(): Promise<void> {
    const engine = this.#supervisor.running;
    if (engine && this.#told.settings !== this.#settings) await this.#updateSettings(engine);
    if (engine && this.#told.roots !== this.#roots) await this.#openRoots(engine);
  }

  #onState(state: EngineState): void {
    this.#events.emit('state', state);
    if (state.kind === 'running') {
      this.#catchUp().catch((error: unknown) => {
        this.#onLog({ level: 'warn', message: `What changed while the engine started: ${String(error)}` });
      });
    }
    if (state.kind === 'failed' || state.kind === 'stopped') this.#setStatus(null);
  }

  #setStatus(status: EngineStatus | null): void {
    this.#status = status;
    this.#events.emit('status', status);
  }
}

function brokenStatus(roots: readonly WorkspaceRoot[], error: SerializedError, paused: boolean): EngineStatus {
  const nothing = { files: 0, chunks: 0, embedded: 0, skipped: {}, degraded: 0 };
  return {
    paused,
    roots: roots.map(({ uri, name }) => ({ root: uri, name, phase: 'error', ...nothing, error })),
  };
}
