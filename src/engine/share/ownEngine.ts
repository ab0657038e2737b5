import type { EngineSettings, LogLine, WorkspaceRoot } from '../../shared/protocol.ts';
import type { EngineStatus } from '../../shared/status.ts';
import { Engine } from '../engine.ts';
import { EngineShare } from './engineShare.ts';
import { shareHandlers, type ShareHandlers } from './shareHandlers.ts';
import type { ShareMethod, ShareParams, ShareResults } from './shareProtocol.ts';

/** The first question about a folder waits so long for its index, a later one so long for what changed since. */
const firstPatienceMs = 20_000;
const laterPatienceMs = 5000;
/** Nobody watches the files: they are looked at again when the last look is older than this. */
const freshMs = 2000;

export interface OwnEngineOptions {
  readonly storageDir: string;
  readonly settings: EngineSettings;
  readonly onStatus: (status: EngineStatus) => void;
  readonly onLog?: (line: LogLine) => void;
}

/** An engine of this process for folders that no other one has open; the processes that come later are let in. */
export class OwnEngine {
  readonly #engine: Engine;
  readonly #share: EngineShare;
  readonly #handlers: ShareHandlers;
  readonly #roots = new Map<string, WorkspaceRoot>();
  /** When each root was last compared with the disk, by URI; `performance.now()`. */
  readonly #seen = new Map<string, number>();
  readonly #historySeen = new Map<string, number>();
  #lastUsed = performance.now();

  constructor(options: OwnEngineOptions) {
    const { storageDir, settings, onStatus, onLog } = options;
    const log = onLog === undefined ? {} : { onLog };
    this.#engine = new Engine({ storageDir, settings, onStatus, ...log });
    this.#handlers = shareHandlers(this.#engine);
    const refresh = (roots: readonly string[], signal: AbortSignal): Promise<void> => this.refresh(roots, signal);
    this.#share = new EngineShare({ engine: this.#engine, kind: 'agent', storageDir, settings, refresh, ...log });
  }

  has(root: WorkspaceRoot): boolean {
    return this.#roots.has(root.uri);
  }

  get empty(): boolean {
    return this.#roots.size === 0;
  }

  get roots(): readonly WorkspaceRoot[] {
    return [...this.#roots.values()];
  }

  get idleMs(): number {
    return performance.now() - this.#lastUsed;
  }

  async open(root: WorkspaceRoot): Promise<void> {
    this.#roots.set(root.uri, root);
    await this.#apply();
  }

  async close(root: WorkspaceRoot): Promise<void> {
    this.#roots.delete(root.uri);
    this.#seen.delete(root.uri);
    this.#historySeen.delete(root.uri);
    await this.#apply();
  }

  async request<M extends Exclude<ShareMethod, 'hello' | 'refresh'>>(
    method: M,
    params: ShareParams<M>,
    signal: AbortSignal,
  ): Promise<ShareResults[M]> {
    this.#lastUsed = performance.now();
    const handler = this.#handlers[method] as (
      params: ShareParams<M>,
      signal: AbortSignal,
    ) => ShareResults[M] | Promise<ShareResults[M]>;
    return await handler(params, signal);
  }

  /** Reads the commits of roots that may have new ones; what is not read in the time a caller waits is found later. */
  async refreshHistory(uris: readonly string[], signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const enough = AbortSignal.any([signal, AbortSignal.timeout(firstPatienceMs)]);
    for (const uri of uris) {
      if (now - (this.#historySeen.get(uri) ?? -Infinity) <= freshMs) continue;
      try {
        await this.#engine.history.service.update(uri, { embed: true, signal: enough });
      } catch {
        signal.throwIfAborted();
      }
      this.#historySeen.set(uri, performance.now());
    }
  }

  /** Brings roots in step with the disk, as far as that can be had in the time a caller waits. */
  async refresh(uris: readonly string[], signal: AbortSignal): Promise<void> {
    const now = performance.now();
    const stale = uris.filter((uri) => now - (this.#seen.get(uri) ?? -Infinity) > freshMs);
    if (stale.length === 0) return;
    const known = stale.filter((uri) => this.#seen.has(uri));
    const patience = known.length === stale.length ? laterPatienceMs : firstPatienceMs;
    await this.#engine.reindex(known, false);
    const enough = AbortSignal.any([signal, AbortSignal.timeout(patience)]);
    try {
      await settled(this.#engine, enough);
    } catch {
      // Searched as far as it is; the answer says how far that is, and the status what keeps it.
      signal.throwIfAborted();
    }
    for (const uri of stale) this.#seen.set(uri, performance.now());
  }

  async dispose(): Promise<void> {
    this.#share.dispose();
    await this.#engine.dispose();
  }

  async #apply(): Promise<void> {
    const roots = this.roots;
    await this.#share.setRoots(roots);
    await this.#engine.openRoots(roots);
  }
}

/** Resolves when everything is indexed and embedded. Without a model, when the words are. */
async function settled(engine: Engine, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    // Before the model is loaded there is nothing to wait for but words.
    await Promise.race([engine.encoder().catch(() => undefined), aborted.promise]);
    await engine.whenIdle(signal);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
