import { existsSync } from 'node:fs';
import { SextantError } from '../shared/errors.ts';
import type { EngineSettings, LogLine, WorkspaceRoot } from '../shared/protocol.ts';
import type { RemotePreview, RemoteSettings } from '../shared/remote.ts';
import type { PublishSummary, TeamSettings } from '../shared/team.ts';
import type { RootStatus } from '../shared/status.ts';
import type { ChunkedFile } from './chunk/chunk.ts';
import { chunkerVersion } from './chunk/chunkerVersion.ts';
import { embeddingText } from './chunk/embeddingText.ts';
import type { HistoryStore } from './history/historyStore.ts';
import { analyseFile } from './index/analyseFile.ts';
import type { ChunkPool } from './index/chunkPool.ts';
import { Indexer } from './index/indexer.ts';
import type { Chunker, DiscoverySettings, IndexRunSummary, IndexerOptions, TeamLayer } from './index/indexerOptions.ts';
import { remotePreview } from './remote/remotePreview.ts';
import type { Encoder } from './runtime/encoder.ts';
import type { SearchRoot } from './search/searchRoot.ts';
import { databaseFile, deleteDatabase } from './store/databaseFile.ts';
import { RootIndex } from './store/rootIndex.ts';
import { RootStore } from './store/rootStore.ts';
import type { SearchIndex } from './store/searchIndex.ts';
import { TeamRoot } from './team/teamRoot.ts';

export interface OpenRootOptions {
  readonly root: WorkspaceRoot;
  readonly storageDir: string;
  readonly settings: EngineSettings;
  readonly chunker: () => ChunkPool;
  readonly onStatus: (status: RootStatus) => void;
  readonly onLog: (line: LogLine) => void;
}

function discoverySettings(settings: EngineSettings, root: WorkspaceRoot): DiscoverySettings {
  const own = root.settings;
  return {
    exclude: own?.exclude ?? settings.exclude,
    useGitignore: own?.useGitignore ?? settings.useGitignore,
    maxFileSizeBytes: own?.maxFileSizeBytes ?? settings.maxFileSizeBytes,
  };
}

/** One workspace folder with its database and, once started, the indexer that keeps it up to date. */
export class OpenRoot {
  #workspace: WorkspaceRoot;
  readonly #options: OpenRootOptions;
  readonly #file: string;
  #settings: DiscoverySettings;
  #store: RootStore;
  #indexer: Indexer;
  #team: TeamRoot | undefined;
  #teamSettings: TeamSettings | undefined;
  #started = false;

  /** @throws SextantError `database_too_new`, `database_busy`, `disk_full` */
  constructor(options: OpenRootOptions) {
    this.#options = options;
    this.#workspace = options.root;
    this.#settings = discoverySettings(options.settings, options.root);
    this.#file = databaseFile(options.storageDir, options.root.path);
    this.#store = new RootStore(this.#file);
    this.#teamSettings = options.settings.team;
    this.#team = this.#createTeam();
    this.#indexer = this.#createIndexer();
  }

  static exists(storageDir: string, root: WorkspaceRoot): boolean {
    return existsSync(databaseFile(storageDir, root.path));
  }

  /** The folder with its settings of now. */
  get workspace(): WorkspaceRoot {
    return this.#workspace;
  }

  get root(): string {
    return this.workspace.uri;
  }

  /**
   * The root for one search whose query is embedded by the model with this fingerprint: should another model's generation
   * begin to serve before the search is done, it is as if nothing were embedded.
   */
  searchedWith(fingerprint: string | undefined): SearchRoot {
    return { root: this.root, index: new RootIndex(this.#store, () => fingerprint) };
  }

  /** The index as it is, whatever model its embeddings are of. */
  reading(): SearchIndex {
    return new RootIndex(this.#store, () => undefined);
  }

  /** An indexer over the same files that fills another store, the chunks changed on their way: for measuring. Not started. */
  indexerInto(store: RootStore, change: (path: string, file: ChunkedFile) => ChunkedFile): Indexer {
    const { chunker, ...indexing } = this.#indexing();
    const chunk: Chunker['chunk'] = async (path, text, signal) =>
      analyseFile(path, change(path, await chunker.chunk(path, text, signal)), embeddingText);
    return new Indexer({ ...indexing, chunker: { chunk }, store });
  }

  /** The history's side of the store, for as long as the root is open. */
  get history(): HistoryStore {
    return {
      readHistory: (work) => this.#store.readHistory(work),
      writeHistory: (work) => this.#store.writeHistory(work),
      acquire: () => this.#store.acquire(),
    };
  }

  /** The team's index over the same files; undefined where there is none to search. */
  get team(): TeamRoot | undefined {
    return this.#team?.publishes === true ? undefined : this.#team;
  }

  /** Brings what is indexed here into the team's index. @throws SextantError of {@link TeamRoot.publish}. */
  publish(...request: Parameters<TeamRoot['publish']>): Promise<PublishSummary> {
    if (this.#team !== undefined) return this.#team.publish(...request);
    throw new SextantError('invalid_argument', 'No shared index is set.', { hint: 'Name one with --store URL.' });
  }

  /** Fingerprint of the model whose embeddings serve; undefined when there are none. */
  servingModel(): string | undefined {
    return this.#store.read((reader) => reader.servingModel())?.fingerprint;
  }

  get started(): boolean {
    return this.#started;
  }

  start(encoder: Encoder | undefined, paused: boolean): void {
    if (this.#started) return;
    this.#started = true;
    if (paused) this.#indexer.pause();
    this.#indexer.start(encoder);
  }

  setEncoder(encoder: Encoder | undefined): void {
    if (this.#started) this.#indexer.setEncoder(encoder);
  }

  updateSettings(settings: EngineSettings, root: WorkspaceRoot): void {
    this.#workspace = root;
    const moved = JSON.stringify(settings.team) !== JSON.stringify(this.#teamSettings);
    if (moved) this.#changeTeam(settings);
    const next = discoverySettings(settings, root);
    if (JSON.stringify(next) === JSON.stringify(this.#settings)) return;
    this.#settings = next;
    this.#indexer.updateSettings(next);
  }

  filesChanged(paths: readonly string[]): void {
    if (this.#started) this.#indexer.filesChanged(paths);
  }

  prioritize(paths: readonly string[]): void {
    this.#indexer.prioritize(paths);
  }

  pause(): void {
    this.#indexer.pause();
  }

  resume(): void {
    this.#indexer.resume();
  }

  rescan(): void {
    this.#indexer.rescan();
  }

  whenIdle(signal?: AbortSignal): Promise<IndexRunSummary> {
    return this.#indexer.whenIdle(signal);
  }

  status(): RootStatus {
    const status = this.#indexer.status();
    const team = this.#team === undefined ? {} : { team: this.#team.status };
    return { ...status, ...(this.#started || status.phase === 'error' ? {} : { phase: 'ready' }), ...team };
  }

  /** Deletes the index. The root stays open, empty, until {@link start} is called again. */
  async clear(): Promise<void> {
    if (!this.#store.acquire()) {
      throw new SextantError('database_busy', `Another window or command is indexing ${this.workspace.name}.`, {
        hint: 'Close it or wait until it is done, then try again.',
      });
    }
    await this.#indexer.dispose();
    this.#store.close();
    deleteDatabase(this.#file);
    this.#store = new RootStore(this.#file);
    this.#indexer = this.#createIndexer();
    this.#started = false;
  }

  /** See {@link remotePreview}. */
  previewRemote(remote: RemoteSettings): RemotePreview {
    return remotePreview(this.#store, remote);
  }

  databaseBytes(): number {
    return this.#store.bytes();
  }

  databaseHealth(): string {
    return this.#store.health();
  }

  /** Version of sqlite-vec, or why it could not be loaded. */
  get vectorExtension(): string {
    const { vec } = this.#store;
    return 'version' in vec ? vec.version : `not available: ${vec.reason}`;
  }

  async dispose(): Promise<void> {
    await this.#indexer.dispose();
    this.#store.close();
    await this.#team?.dispose();
  }

  #changeTeam({ team }: EngineSettings): void {
    void this.#team?.dispose();
    this.#teamSettings = team;
    this.#team = this.#createTeam();
    this.rescan();
  }

  #createTeam(): TeamRoot | undefined {
    const settings = this.#teamSettings;
    if (settings === undefined) return undefined;
    const { root, onLog } = this.#options;
    return new TeamRoot({
      settings,
      root: root.uri,
      folder: root.path,
      store: () => this.#store,
      onLog,
      onMoved: () => {
        if (this.#started) this.#indexer.rescan();
      },
    });
  }

  #createIndexer(): Indexer {
    const { onStatus, onLog } = this.#options;
    return new Indexer({ ...this.#indexing(), team: this.#teamLayer, store: this.#store, onStatus, onLog });
  }

  #indexing(): Omit<IndexerOptions, 'store'> {
    const { root, chunker } = this.#options;
    return {
      root,
      chunker: { chunk: (path, text, signal) => chunker().chunk(path, text, signal) },
      chunkerVersion: String(chunkerVersion),
      embeddingText,
      settings: this.#settings,
    };
  }

  /** Follows the settings, which may name another shared index or none. */
  get #teamLayer(): TeamLayer {
    return {
      files: (signal) => this.team?.files(signal) ?? Promise.resolve(new Map()),
      covers: (path, contentHash) => this.team?.covers(path, contentHash) ?? false,
      vectors: (fingerprint, hashes) => this.#team?.vectors(fingerprint, hashes) ?? Promise.resolve([]),
    };
  }
}
