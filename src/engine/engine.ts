import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { SextantError, serializeError } from '../shared/errors.ts';
import type { HistoryStatus } from '../shared/history.ts';
import type { Diagnostics, EngineSettings, LogLine, WorkspaceRoot } from '../shared/protocol.ts';
import type {
  DuplicatesRequest,
  DuplicatesResponse,
  SearchRequest,
  SearchResponse,
  SimilarRequest,
} from '../shared/search.ts';
import type { FinetuneEvent } from '../shared/finetune.ts';
import type { MeasureProgress } from '../shared/measure.ts';
import type { ModelProgress } from '../shared/models.ts';
import type { RemotePreview } from '../shared/remote.ts';
import type { EngineStatus, RootStatus } from '../shared/status.ts';
import { ChunkPool } from './chunk/chunkPool.ts';
import { describeDiagnostics } from './diagnostics.ts';
import { EncoderHost } from './encoderHost.ts';
import { ProjectHistory } from './history/projectHistory.ts';
import { FinetuneService } from './finetune/finetuneService.ts';
import type { IndexRunSummary } from './index/indexerOptions.ts';
import { MeasureService } from './measure/measureService.ts';
import { ModelLibrary } from './models/modelLibrary.ts';
import { ModelService } from './models/modelService.ts';
import { OpenRoot } from './openRoot.ts';
import { requiredRemote, writePreview } from './remote/remotePreview.ts';
import type { Encoder } from './runtime/encoder.ts';
import { SearchEngine } from './search/searchEngine.ts';
import { translateError } from './store/sqlite.ts';
import { searchLayers } from './team/searchLayers.ts';

export interface EngineOptions {
  /** Folder of the databases; created when missing. */
  readonly storageDir: string;
  readonly settings: EngineSettings;
  readonly onStatus?: (status: EngineStatus) => void;
  readonly onLog?: (line: LogLine) => void;
  readonly onHistory?: (status: HistoryStatus) => void;
  readonly onModelProgress?: (progress: ModelProgress) => void;
  readonly onMeasureProgress?: (progress: MeasureProgress) => void;
  readonly onFinetuneChange?: (event: FinetuneEvent) => void;
}

export interface IndexSummary extends IndexRunSummary {
  readonly model: string | null;
  readonly backend: string | null;
}

export interface IndexOptions {
  /** Start from nothing. */
  readonly fresh: boolean;
  /** False leaves embeddings as they are and needs no model. */
  readonly embed: boolean;
  readonly signal?: AbortSignal;
  readonly onStatus?: (status: RootStatus) => void;
}

/** Everything Sextant does, without VS Code: the window's engine process and the command line each hold one. */
export class Engine {
  readonly models: ModelService;
  readonly measure: MeasureService;
  readonly history: ProjectHistory;
  readonly finetune: FinetuneService;
  readonly #options: EngineOptions;
  readonly #roots = new Map<string, OpenRoot>();
  /** Roots whose database could not be opened; they do not keep the others from working. */
  readonly #broken = new Map<string, RootStatus>();
  readonly #search = new SearchEngine();
  readonly #encoders: EncoderHost;
  readonly #watchers = new Set<(status: RootStatus) => void>();
  #settings: EngineSettings;
  #chunker: ChunkPool | undefined;
  #paused = false;

  /** @throws SextantError `disk_full` or `internal` when the storage folder cannot be made. */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#settings = options.settings;
    mkdirSync(options.storageDir, { recursive: true });
    this.models = new ModelService({
      library: new ModelLibrary(modelsDirectory(options.storageDir)),
      inUse: () => this.#settings.modelPath,
      onProgress: (progress) => options.onModelProgress?.(progress),
    });
    const access = {
      storageDir: options.storageDir,
      opened: (uri: string) => this.opened(uri),
      encoder: () => this.encoder(),
      settings: () => this.#settings,
    };
    this.measure = new MeasureService(access, (progress) => options.onMeasureProgress?.(progress));
    this.finetune = new FinetuneService({
      access,
      modelsDir: modelsDirectory(options.storageDir),
      onChange: (event) => options.onFinetuneChange?.(event),
      onModel: () => this.#chooseModel([...this.#roots.values()].map(({ workspace }) => workspace)),
    });
    this.history = new ProjectHistory({
      access,
      roots: () => [...this.#roots.keys()],
      onStatus: (status) => options.onHistory?.(status),
      onLog: (line) => options.onLog?.(line),
    });
    this.#encoders = new EncoderHost(options.settings, (encoder) => {
      for (const root of this.#roots.values()) root.setEncoder(encoder);
      this.#publish();
    });
  }

  status(): EngineStatus {
    const { model, backend, error } = this.#encoders;
    return {
      paused: this.#paused,
      ...(model === undefined ? {} : { model }),
      ...(backend === undefined ? {} : { backend }),
      ...(error === undefined ? {} : { modelError: error }),
      roots: [...[...this.#roots.values()].map((root) => root.status()), ...this.#broken.values()],
    };
  }

  /** @throws SextantError when the model cannot be loaded; the cause stays in {@link status} as `modelError`. */
  encoder(): Promise<Encoder> {
    return this.#encoders.load();
  }

  /**
   * Makes these the open roots: others are closed, new ones opened and, unless told otherwise, indexed in the background.
   * A root that cannot be opened has its error in the status and is tried again with the next call.
   */
  async openRoots(roots: readonly WorkspaceRoot[]): Promise<EngineStatus> {
    const wanted = new Map(roots.map((root) => [root.uri, root]));
    for (const [uri, open] of this.#roots) {
      if (wanted.has(uri)) continue;
      this.#roots.delete(uri);
      await this.history.service.close(uri);
      await open.dispose();
    }
    this.#broken.clear();
    void this.#chooseModel(roots);
    for (const root of wanted.values()) {
      try {
        const open = this.#open(root);
        open.updateSettings(this.#settings, root);
        if (root.settings?.automatic !== false) this.#start(open);
      } catch (error) {
        this.#broken.set(root.uri, brokenStatus(root, error));
      }
    }
    this.#publish();
    return this.status();
  }

  /** Opens what was indexed before, without looking at the folder. @throws SextantError `index_missing` */
  openForReading(root: WorkspaceRoot): void {
    if (!OpenRoot.exists(this.#options.storageDir, root)) {
      throw new SextantError('index_missing', `${root.path} is not indexed.`, { hint: 'Run `sextant index` first.' });
    }
    void this.#chooseModel([root]);
    this.#open(root);
  }

  /** Opens a root for its commits and issues, whether its files are indexed or not. */
  openForHistory(root: WorkspaceRoot): void {
    this.#open(root);
  }

  /**
   * Indexes one root to the end.
   * @throws SextantError when the model or the folder cannot be used, or another process indexes it; the signal's reason when cancelled.
   */
  async index(root: WorkspaceRoot, { fresh, embed, signal, onStatus }: IndexOptions): Promise<IndexSummary> {
    await this.#chooseModel([root]);
    const encoder = embed ? await this.encoder() : undefined;
    signal?.throwIfAborted();
    const watch = (status: RootStatus): void => {
      if (status.root === root.uri) onStatus?.(status);
    };
    this.#watchers.add(watch);
    try {
      const open = this.#open(root);
      if (fresh) await this.#clear(open);
      open.start(encoder, false);
      const summary = await open.whenIdle(signal);
      return { ...summary, model: encoder?.name ?? null, backend: encoder?.backend.name ?? null };
    } finally {
      this.#watchers.delete(watch);
    }
  }

  /** An open root. @throws SextantError `not_found` */
  opened(uri: string): OpenRoot {
    return this.#chosen([uri])[0]!;
  }

  search(request: SearchRequest, signal: AbortSignal): Promise<SearchResponse> {
    return this.history.search(request, (code) => this.#searchCode(code, signal), signal);
  }

  async #searchCode(request: SearchRequest, signal: AbortSignal): Promise<SearchResponse> {
    const roots = this.#chosen(request.roots);
    const encoder = await this.#encoderFor(roots, request.mode !== 'keyword');
    return this.#guarded(roots, () =>
      searchLayers(roots, encoder?.fingerprint, (searched) => this.#search.search(searched, encoder, request, signal)),
    );
  }

  async similar(request: SimilarRequest, signal: AbortSignal): Promise<SearchResponse> {
    const roots = this.#chosen(request.roots);
    const encoder = await this.#encoderFor(roots, true);
    return this.#guarded(roots, () =>
      searchLayers(roots, encoder?.fingerprint, (searched) => this.#search.similar(searched, encoder, request, signal)),
    );
  }

  async duplicates(request: DuplicatesRequest, signal: AbortSignal): Promise<DuplicatesResponse> {
    const roots = this.#chosen(request.roots);
    const encoder = await this.#encoderFor(roots, true);
    const searched = roots.map((root) => root.searchedWith(encoder?.fingerprint));
    return this.#guarded(roots, () => this.#search.duplicates(searched, request, signal));
  }

  /** What the embedding server of the settings would get of these roots; nothing is sent. */
  previewRemote(uris: readonly string[] | undefined): RemotePreview[] {
    const remote = requiredRemote(this.#settings);
    return this.#chosen(uris).map((root) => root.previewRemote(remote));
  }

  /** As {@link previewRemote}, into a file for people. */
  writeRemotePreview(uris: readonly string[] | undefined): Promise<{ readonly file: string }> {
    return writePreview(this.#options.storageDir, this.previewRemote(uris));
  }

  async updateSettings(settings: EngineSettings): Promise<EngineStatus> {
    this.#settings = settings;
    for (const root of this.#roots.values()) root.updateSettings(settings, root.workspace);
    await this.#chooseModel([...this.#roots.values()].map(({ workspace }) => workspace));
    return this.status();
  }

  filesChanged(paths: readonly string[]): void {
    for (const root of this.#roots.values()) root.filesChanged(paths);
  }

  prioritize(paths: readonly string[]): void {
    for (const root of this.#roots.values()) root.prioritize(paths);
  }

  /** Looks at every file again; `fresh` throws the index away first. */
  async reindex(uris: readonly string[] | undefined, fresh: boolean): Promise<void> {
    for (const root of this.#chosen(uris)) {
      if (fresh) await this.#clear(root);
      if (root.started) root.rescan();
      else this.#start(root);
    }
    this.#publish();
  }

  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  /** Deletes the indexes; the roots stay open and empty until {@link reindex}. */
  async clear(uris: readonly string[] | undefined): Promise<void> {
    for (const root of this.#chosen(uris)) await this.#clear(root);
    this.#publish();
  }

  /** Resolves when every started root is up to date. */
  async whenIdle(signal?: AbortSignal): Promise<IndexRunSummary[]> {
    const started = [...this.#roots.values()].filter((root) => root.started);
    return Promise.all(started.map((root) => root.whenIdle(signal)));
  }

  diagnostics(): Diagnostics {
    return describeDiagnostics([...this.#roots.values()], this.status());
  }

  async dispose(): Promise<void> {
    await this.finetune.dispose();
    await this.history.dispose();
    const roots = [...this.#roots.values()];
    this.#roots.clear();
    await Promise.all(roots.map((root) => root.dispose()));
    await this.#chunker?.dispose();
    await this.#encoders.dispose();
  }

  /** The model of the settings, or the one that was fine-tuned on these roots and stands in for it. */
  #chooseModel(roots: readonly WorkspaceRoot[]): Promise<void> {
    const paths = roots.map(({ path: rootPath }) => rootPath);
    return this.#encoders.update({
      ...this.#settings,
      modelPath: this.finetune.models.choose(this.#settings.modelPath, paths),
    });
  }

  #open(root: WorkspaceRoot): OpenRoot {
    const known = this.#roots.get(root.uri);
    if (known !== undefined) return known;
    const open = new OpenRoot({
      root,
      storageDir: this.#options.storageDir,
      settings: this.#settings,
      chunker: () => (this.#chunker ??= new ChunkPool({ size: parserThreads() })),
      onStatus: (status) => {
        for (const watch of this.#watchers) watch(status);
        this.history.service.rootChanged(status);
        this.#publish();
      },
      onLog: (line) => this.#options.onLog?.(line),
    });
    this.#roots.set(root.uri, open);
    return open;
  }

  /** Words first: indexing does not wait for the model, which is handed in when it is loaded. */
  #start(root: OpenRoot): void {
    root.start(this.#encoders.current, this.#paused);
    this.#encoders.load().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.onLog?.({ level: 'error', message: `The model cannot be used: ${message}` });
    });
  }

  async #clear(root: OpenRoot): Promise<void> {
    await this.history.service.close(root.root);
    await root.clear();
  }

  #setPaused(paused: boolean): void {
    this.#paused = paused;
    for (const root of this.#roots.values()) {
      if (paused) root.pause();
      else root.resume();
    }
    this.#publish();
  }

  #chosen(uris: readonly string[] | undefined): OpenRoot[] {
    if (uris === undefined) return [...this.#roots.values()];
    return uris.map((uri) => {
      const root = this.#roots.get(uri);
      if (root === undefined) throw new SextantError('not_found', `The folder ${uri} is not open.`);
      return root;
    });
  }

  /** The encoder for a query, waited for only where there is something to compare the query with. */
  async #encoderFor(roots: readonly OpenRoot[], wanted: boolean): Promise<Encoder | undefined> {
    if (!wanted) return undefined;
    const serving = new Set(roots.map((root) => root.servingModel()).filter((model) => model !== undefined));
    if (serving.size === 0 && roots.every(({ team }) => team === undefined)) return this.#encoders.current;
    return this.#encoders.matching(serving) ?? this.#encoders.load().catch(() => undefined);
  }

  /** A damaged database shows itself in a search as well: the indexer is sent to look at it and builds it again. */
  async #guarded<T>(roots: readonly OpenRoot[], work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const translated = translateError(error);
      if (translated instanceof SextantError && translated.code === 'database_damaged') {
        for (const root of roots) if (root.started) root.rescan();
      }
      throw translated;
    }
  }

  #publish(): void {
    this.#encoders.retire((model) => [...this.#roots.values()].some((root) => root.servingModel() === model));
    this.#options.onStatus?.(this.status());
  }
}

/** Where installed models are kept, beside the databases. */
export function modelsDirectory(storageDir: string): string {
  return path.join(storageDir, 'models');
}

function brokenStatus({ uri, name }: WorkspaceRoot, error: unknown): RootStatus {
  const counts = { files: 0, chunks: 0, embedded: 0, skipped: {}, degraded: 0 };
  return { root: uri, name, phase: 'error', ...counts, error: serializeError(error) };
}

/** A parser thread holds its grammars, some hundred megabytes when a workspace has many languages: two at most. */
function parserThreads(): number {
  return Math.min(2, os.availableParallelism());
}
