import { mkdirSync } from 'node:fs';
import path from 'node:path';
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
import { CodeSearch } from './codeSearch.ts';
import { describeDiagnostics } from './diagnostics.ts';
import { EncoderHost } from './encoderHost.ts';
import { ProjectHistory } from './history/projectHistory.ts';
import { FinetuneService } from './finetune/finetuneService.ts';
import type { IndexRunSummary } from './index/indexerOptions.ts';
import { MeasureService } from './measure/measureService.ts';
import { ModelLibrary } from './models/modelLibrary.ts';
import { ModelService } from './models/modelService.ts';
import type { OpenRoot } from './openRoot.ts';
import { OpenRoots } from './openRoots.ts';
import { requiredRemote, writePreview } from './remote/remotePreview.ts';
import type { Encoder } from './runtime/encoder.ts';
import { ownerOnly } from './store/databaseFile.ts';

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
  readonly #roots: OpenRoots;
  readonly #encoders: EncoderHost;
  readonly #search: CodeSearch;
  readonly #watchers = new Set<(status: RootStatus) => void>();
  #settings: EngineSettings;

  /** @throws SextantError `disk_full` or `internal` when the storage folder cannot be made. */
  constructor(options: EngineOptions) {
    this.#options = options;
    this.#settings = options.settings;
    mkdirSync(options.storageDir, { recursive: true, mode: ownerOnly });
    this.models = new ModelService({
      library: new ModelLibrary(modelsDirectory(options.storageDir)),
      inUse: () => this.#settings.modelPath,
      onProgress: (progress) => options.onModelProgress?.(progress),
    });
    this.#roots = new OpenRoots({
      storageDir: options.storageDir,
      settings: () => this.#settings,
      onStatus: (status) => {
        for (const watch of this.#watchers) watch(status);
        this.history.service.rootChanged(status);
        this.#publish();
      },
      onLog: (line) => options.onLog?.(line),
      release: (uri) => this.history.service.close(uri),
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
      onModel: () => this.#chooseModel(this.#roots.workspaces()),
    });
    this.history = new ProjectHistory({
      access,
      roots: () => this.#roots.workspaces().map(({ uri }) => uri),
      onStatus: (status) => options.onHistory?.(status),
      onLog: (line) => options.onLog?.(line),
    });
    this.#encoders = new EncoderHost(options.settings, (encoder) => {
      this.#roots.setEncoder(encoder);
      this.#publish();
    });
    this.#search = new CodeSearch(this.#roots, this.#encoders);
  }

  status(): EngineStatus {
    const { model, backend, error } = this.#encoders;
    return {
      paused: this.#roots.paused,
      ...(model === undefined ? {} : { model }),
      ...(backend === undefined ? {} : { backend }),
      ...(error === undefined ? {} : { modelError: error }),
      roots: this.#roots.statuses(),
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
    await this.#roots.closeOthers(roots);
    void this.#chooseModel(roots);
    this.#roots.openAll(roots, (open, { settings }) => {
      if (settings?.automatic !== false) this.#start(open);
    });
    this.#publish();
    return this.status();
  }

  /** Opens what was indexed before, without looking at the folder. @throws SextantError `index_missing` */
  openForReading(root: WorkspaceRoot): void {
    this.#roots.requireIndex(root);
    void this.#chooseModel([root]);
    this.#roots.open(root);
  }

  /** Opens a root for its commits and issues, whether its files are indexed or not. */
  openForHistory(root: WorkspaceRoot): void {
    this.#roots.open(root);
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
      const open = this.#roots.open(root);
      if (fresh) await this.#roots.clear(open);
      open.start(encoder, false);
      const summary = await open.whenIdle(signal);
      return { ...summary, model: encoder?.name ?? null, backend: encoder?.backend.name ?? null };
    } finally {
      this.#watchers.delete(watch);
    }
  }

  /** An open root. @throws SextantError `not_found` */
  opened(uri: string): OpenRoot {
    return this.#roots.opened(uri);
  }

  search(request: SearchRequest, signal: AbortSignal): Promise<SearchResponse> {
    return this.history.search(request, (code) => this.#search.search(code, signal), signal);
  }

  similar(request: SimilarRequest, signal: AbortSignal): Promise<SearchResponse> {
    return this.#search.similar(request, signal);
  }

  duplicates(request: DuplicatesRequest, signal: AbortSignal): Promise<DuplicatesResponse> {
    return this.#search.duplicates(request, signal);
  }

  /** What the embedding server of the settings would get of these roots; nothing is sent. */
  previewRemote(uris: readonly string[] | undefined): RemotePreview[] {
    const remote = requiredRemote(this.#settings);
    return this.#roots.chosen(uris).map((root) => root.previewRemote(remote));
  }

  /** As {@link previewRemote}, into a file for people. */
  writeRemotePreview(uris: readonly string[] | undefined): Promise<{ readonly file: string }> {
    return writePreview(this.#options.storageDir, this.previewRemote(uris));
  }

  async updateSettings(settings: EngineSettings): Promise<EngineStatus> {
    this.#settings = settings;
    this.#roots.settingsChanged();
    await this.#chooseModel(this.#roots.workspaces());
    return this.status();
  }

  filesChanged(paths: readonly string[]): void {
    this.#roots.filesChanged(paths);
  }

  prioritize(paths: readonly string[]): void {
    this.#roots.prioritize(paths);
  }

  /** Looks at every file again; `fresh` throws the index away first. */
  async reindex(uris: readonly string[] | undefined, fresh: boolean): Promise<void> {
    for (const root of this.#roots.chosen(uris)) {
      if (fresh) await this.#roots.clear(root);
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
    for (const root of this.#roots.chosen(uris)) await this.#roots.clear(root);
    this.#publish();
  }

  /** Resolves when every started root is up to date. */
  async whenIdle(signal?: AbortSignal): Promise<IndexRunSummary[]> {
    const started = this.#roots.all().filter((root) => root.started);
    return Promise.all(started.map((root) => root.whenIdle(signal)));
  }

  diagnostics(): Diagnostics {
    return describeDiagnostics(this.#roots.all(), this.status());
  }

  async dispose(): Promise<void> {
    await this.finetune.dispose();
    await this.history.dispose();
    await this.#roots.dispose();
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

  /** Words first: indexing does not wait for the model, which is handed in when it is loaded. */
  #start(root: OpenRoot): void {
    root.start(this.#encoders.current, this.#roots.paused);
    this.#encoders.load().catch((error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.onLog?.({ level: 'error', message: `The model cannot be used: ${message}` });
    });
  }

  #setPaused(paused: boolean): void {
    this.#roots.setPaused(paused);
    this.#publish();
  }

  #publish(): void {
    this.#encoders.retire((model) => this.#roots.isServing(model));
    this.#options.onStatus?.(this.status());
  }
}

/** Where installed models are kept, beside the databases. */
export function modelsDirectory(storageDir: string): string {
  return path.join(storageDir, 'models');
}
