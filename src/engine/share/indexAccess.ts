import type { AgentSettings } from '../../shared/agentSettings.ts';
import { SextantError } from '../../shared/errors.ts';
import type { EngineSettings, LogLine, WorkspaceRoot } from '../../shared/protocol.ts';
import type { SearchRequest, SearchResponse, SimilarRequest } from '../../shared/search.ts';
import type { EngineStatus } from '../../shared/status.ts';
import { liveEngines, rootAt, type EngineEntry } from './engineEntry.ts';
import { EngineLink } from './engineLink.ts';
import { mergeResponses, mergeStatuses, renamedResponse, renamedStatus } from './mergeAnswers.ts';
import { OwnEngine } from './ownEngine.ts';
import { runtimeFolder } from './runtimeFolder.ts';
import type { ShareParams, ShareResults } from './shareProtocol.ts';

/** How often an engine of our own looks whether a window has opened its folder, or whether nobody asks any more. */
const watchMs = 2000;
const idleMs = 15 * 60_000;
const mostTries = 3;
/** How long another agent's engine may take to look at the disk. */
const refreshMs = 10_000;

export interface IndexAccessOptions {
  /** Where indexes of our own are kept. */
  readonly storageDir: string;
  /** Take only engines that keep their indexes there too. */
  readonly onlyStorage: boolean;
  /** Ask no engine of another process: its settings are not those that were asked for. */
  readonly onlyOwn?: boolean;
  readonly settings: EngineSettings;
  /** What a window said before it was closed, or while it runs no engine; its root paths with links resolved. Read anew each time. */
  readonly said?: () => AgentSettings | undefined;
  readonly onStatus?: (status: EngineStatus) => void;
  readonly onLog?: (line: LogLine) => void;
}

interface IndexEngine {
  request<M extends 'search' | 'similar' | 'status'>(
    method: M,
    params: ShareParams<M>,
    signal: AbortSignal,
  ): Promise<ShareResults[M]>;
}

/** An engine and the roots that it answers for: our URI, and the one it has for the same folder. */
interface Source {
  readonly engine: (EngineLink | OwnEngine) & IndexEngine;
  readonly uris: Map<string, string>;
}

function inverse(map: ReadonlyMap<string, string>): Map<string, string> {
  return new Map([...map].map(([key, value]) => [value, key]));
}

/**
 * Asks whoever has a folder's index open: the engine of a window, that of another agent, or, where there is none, one of our own,
 * which gives way as soon as a window comes. An engine that goes away is replaced and the question asked again.
 * Roots are given with absolute paths, links resolved.
 */
export class IndexAccess {
  readonly #options: IndexAccessOptions;
  /** By address. */
  readonly #links = new Map<string, EngineLink>();
  /** By storage folder. */
  readonly #own = new Map<string, OwnEngine>();
  /** The engine that last answered for a root, by path: whoever takes over uses its storage and settings. */
  readonly #last = new Map<string, EngineEntry>();
  #watch: NodeJS.Timeout | undefined;
  /** Engines are opened and closed one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  #disposed = false;

  constructor(options: IndexAccessOptions) {
    this.#options = options;
  }

  /** As the engine's own search, over these roots. */
  async search(roots: readonly WorkspaceRoot[], request: SearchRequest, signal: AbortSignal): Promise<SearchResponse> {
    const answers = await this.#ask(roots, signal, async (source) => {
      await this.#refresh(source, signal);
      const asked = { ...request, roots: [...source.uris.values()] };
      const commits = request.filters.scopes?.includes('commits') === true;
      if (commits && source.engine instanceof OwnEngine) await source.engine.refreshHistory(asked.roots, signal);
      return renamedResponse(await source.engine.request('search', asked, signal), inverse(source.uris));
    });
    return mergeResponses(answers, request.limit);
  }

  /** As the engine's own; only roots that the engine of the place has open are searched. */
  async similar(
    roots: readonly WorkspaceRoot[],
    request: SimilarRequest,
    signal: AbortSignal,
  ): Promise<SearchResponse> {
    const answers = await this.#ask(roots, signal, async (source) => {
      const root = source.uris.get(request.location.root);
      if (root === undefined) return [];
      await this.#refresh(source, signal);
      const asked = { ...request, location: { ...request.location, root }, roots: [...source.uris.values()] };
      return [renamedResponse(await source.engine.request('similar', asked, signal), inverse(source.uris))];
    });
    const [answer] = answers.flat();
    if (answer === undefined) throw new SextantError('not_found', `The folder ${request.location.root} is not open.`);
    return answer;
  }

  async status(roots: readonly WorkspaceRoot[], signal: AbortSignal): Promise<EngineStatus> {
    return mergeStatuses(
      await this.#ask(roots, signal, async (source) =>
        renamedStatus(await source.engine.request('status', {}, signal), inverse(source.uris)),
      ),
    );
  }

  async dispose(): Promise<void> {
    this.#disposed = true;
    clearInterval(this.#watch);
    await this.#turn.catch(() => undefined);
    for (const link of this.#links.values()) link.dispose();
    await Promise.all([...this.#own.values()].map((engine) => engine.dispose()));
  }

  async #ask<T>(
    roots: readonly WorkspaceRoot[],
    signal: AbortSignal,
    question: (source: Source) => Promise<T>,
  ): Promise<T[]> {
    for (let attempt = 1; ; attempt += 1) {
      const sources = await this.#inTurn(() => this.#sourcesOf(roots));
      signal.throwIfAborted();
      try {
        return await Promise.all(sources.map(question));
      } catch (error) {
        signal.throwIfAborted();
        if (attempt >= mostTries || !(await this.#moved(roots, sources))) throw error;
      }
    }
  }

  /** True when other engines have the roots now than those that failed. */
  async #moved(roots: readonly WorkspaceRoot[], before: readonly Source[]): Promise<boolean> {
    const now = await this.#inTurn(() => this.#sourcesOf(roots));
    return now.some(({ engine }) => !before.some((source) => source.engine === engine));
  }

  /** A window sees to it that its index is up to date; everybody else looks at the disk first. */
  async #refresh({ engine, uris }: Source, signal: AbortSignal): Promise<void> {
    const roots = [...uris.values()];
    if (engine instanceof OwnEngine) await engine.refresh(roots, signal);
    else if (engine.entry.kind === 'agent') await engine.request('refresh', { roots, timeoutMs: refreshMs }, signal);
  }

  async #sourcesOf(roots: readonly WorkspaceRoot[]): Promise<Source[]> {
    const sources = new Map<EngineLink | OwnEngine, Source>();
    for (const root of roots) {
      const { engine, uri } = await this.#locate(root);
      const source = sources.get(engine) ?? { engine, uris: new Map<string, string>() };
      source.uris.set(root.uri, uri);
      sources.set(engine, source);
    }
    return [...sources.values()];
  }

  async #locate(root: WorkspaceRoot): Promise<{ engine: EngineLink | OwnEngine; uri: string }> {
    const entries = this.#entriesFor(root);
    const own = [...this.#own.values()].find((engine) => engine.has(root));
    for (const entry of own === undefined ? entries : entries.filter(({ kind }) => kind === 'window')) {
      const link = await this.#link(entry);
      if (link === undefined) continue;
      if (own !== undefined) await this.#close(own, root);
      this.#last.set(root.path, entry);
      return { engine: link, uri: rootAt(entry, root.path)!.uri };
    }
    return { engine: own ?? (await this.#open(root)), uri: root.uri };
  }

  #entriesFor(root: WorkspaceRoot): EngineEntry[] {
    const { storageDir, onlyStorage, onlyOwn } = this.#options;
    if (onlyOwn === true) return [];
    return liveEngines(runtimeFolder())
      .map(({ entry }) => entry)
      .filter((entry) => entry.pid !== process.pid && rootAt(entry, root.path) !== undefined)
      .filter((entry) => !onlyStorage || entry.storageDir === storageDir);
  }

  /** Undefined when it does not answer or is of another version. */
  async #link(entry: EngineEntry): Promise<EngineLink | undefined> {
    const known = this.#links.get(entry.address);
    if (known?.alive) return known;
    this.#links.delete(entry.address);
    try {
      const link = await EngineLink.open(entry);
      this.#links.set(entry.address, link);
      return link;
    } catch {
      return undefined;
    }
  }

  async #open(root: WorkspaceRoot): Promise<OwnEngine> {
    if (this.#disposed) throw new SextantError('engine_unavailable', 'Sextant was shut down.');
    const last = this.#last.get(root.path);
    const said = last ?? this.#options.said?.();
    const { storageDir } = last ?? this.#options;
    const { settings } = said ?? this.#options;
    let engine = this.#own.get(storageDir);
    if (engine === undefined) {
      const { onStatus, onLog } = this.#options;
      engine = new OwnEngine({
        storageDir,
        settings,
        onStatus: (status) => onStatus?.(status),
        ...(onLog && { onLog }),
      });
      this.#own.set(storageDir, engine);
    }
    const rootSettings = said && rootAt(said, root.path)?.settings;
    await engine.open(rootSettings === undefined ? root : { ...root, settings: { ...rootSettings, automatic: true } });
    this.#watch ??= setInterval(() => void this.#inTurn(() => this.#tidy()).catch(() => undefined), watchMs).unref();
    return engine;
  }

  async #close(engine: OwnEngine, root: WorkspaceRoot): Promise<void> {
    await engine.close(root);
    if (!engine.empty) return;
    for (const [storageDir, own] of this.#own) if (own === engine) this.#own.delete(storageDir);
    await engine.dispose();
  }

  /** Gives way to windows, and lets go of what nobody asks for. */
  async #tidy(): Promise<void> {
    for (const engine of [...this.#own.values()]) {
      for (const root of engine.roots) {
        const window = this.#entriesFor(root).some(({ kind }) => kind === 'window');
        if (window || engine.idleMs > idleMs) await this.#close(engine, root);
      }
    }
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}
