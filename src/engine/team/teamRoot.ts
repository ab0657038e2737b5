import { SextantError, serializeError } from '../../shared/errors.ts';
import type { LogLine } from '../../shared/protocol.ts';
import type { RootStatus } from '../../shared/status.ts';
import type { PublishProgress, PublishSummary, TeamSettings } from '../../shared/team.ts';
import type { TeamLayer } from '../index/indexerOptions.ts';
import type { SearchRoot } from '../search/searchRoot.ts';
import type { ModelIdentity } from '../store/catalog.ts';
import type { StoredEmbedding } from '../store/embeddingWriter.ts';
import type { SharedIndex } from '../store/postgres/sharedIndex.ts';
import type { RootStore } from '../store/rootStore.ts';
import { repositoryName } from './repositoryName.ts';
import { SharedStore } from './sharedStore.ts';

export interface TeamRootOptions {
  readonly settings: TeamSettings;
  /** Canonical URI and folder of the root. */
  readonly root: string;
  readonly folder: string;
  readonly store: () => RootStore;
  readonly onLog: (line: LogLine) => void;
  /** The shared index has other files than at the last scan. */
  readonly onMoved: () => void;
}

/** While the server is away nobody waits for it again before this. */
const leaveAloneMs = 10_000;

/**
 * A folder's share in the index of a team. Files that are the same there are searched there; what was edited here is indexed here, and its
 * chunks that did not change borrow their vectors. Where the server is away, what is indexed here is searched, and it is said.
 */
export class TeamRoot implements TeamLayer {
  readonly #options: TeamRootOptions;
  readonly #shared: SharedStore;
  #repository: Promise<string> | undefined;
  #listing: ReadonlyMap<string, string> = new Map();
  #revision: number | undefined;
  #failure: { readonly error: unknown; readonly at: number } | undefined;
  #index: { readonly fingerprint: string | undefined; readonly index: SharedIndex } | undefined;
  #local: { readonly version: string; readonly files: ReadonlyMap<string, string> } | undefined;

  constructor(options: TeamRootOptions) {
    this.#options = options;
    this.#shared = new SharedStore(options.settings, { connectTimeoutMs: 5000 });
  }

  /** The index here is to be brought there. */
  get publishes(): boolean {
    return this.#options.settings.publish === true;
  }

  /** With the error while the shared index cannot be used. */
  get status(): NonNullable<RootStatus['team']> {
    const { view } = this.#options.settings;
    return this.#failure === undefined ? { view } : { view, error: serializeError(this.#failure.error) };
  }

  async files(signal: AbortSignal): Promise<ReadonlyMap<string, string> | undefined> {
    try {
      const { view } = this.#options.settings;
      this.#listing = await this.#shared.listing(await this.#name(), view);
      this.#revision = undefined;
      this.#failure = undefined;
      return this.#listing;
    } catch (error) {
      signal.throwIfAborted();
      this.#failed(error);
      return undefined;
    }
  }

  covers(path: string, contentHash: string): boolean {
    return this.#listing.get(path) === contentHash;
  }

  async vectors(fingerprint: string, textHashes: readonly Buffer[]): Promise<StoredEmbedding[]> {
    try {
      return await this.#shared.vectors(await this.#name(), fingerprint, textHashes);
    } catch (error) {
      this.#failed(error);
      return [];
    }
  }

  /**
   * The shared files as a root of the search, those that differ here left out.
   * @throws SextantError `store_offline`, at once while it is known that the server is away, and others of the connection.
   */
  async searched(fingerprint: string | undefined): Promise<SearchRoot> {
    const failure = this.#failure;
    if (failure !== undefined && performance.now() - failure.at < leaveAloneMs) throw failure.error;
    try {
      const index = await this.#indexFor(fingerprint);
      index.limitTo(this.#localFiles());
      const { revision } = await index.snapshot();
      this.#revision ??= revision;
      if (this.#revision !== revision) {
        this.#revision = revision;
        this.#options.onMoved();
      }
      this.#failure = undefined;
      return { root: this.#options.root, index };
    } catch (error) {
      this.#failed(error);
      throw error;
    }
  }

  /** Brings all that is indexed here into the shared index. */
  async publish(
    model: ModelIdentity | undefined,
    signal?: AbortSignal,
    onProgress?: (progress: PublishProgress) => void,
  ): Promise<PublishSummary> {
    const { settings, store } = this.#options;
    return this.#shared.publish({
      store: store(),
      repository: await this.#name(),
      view: settings.view,
      model,
      ...(signal === undefined ? {} : { signal }),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
  }

  /** A search met the failure: the next ones need not wait for it. */
  failed(error: unknown): void {
    this.#failed(error);
  }

  dispose(): Promise<void> {
    return this.#shared.close();
  }

  #name(): Promise<string> {
    const { settings, folder } = this.#options;
    this.#repository ??= settings.repository === '' ? repositoryName(folder) : Promise.resolve(settings.repository);
    return this.#repository;
  }

  async #indexFor(fingerprint: string | undefined): Promise<SharedIndex> {
    if (this.#index === undefined || this.#index.fingerprint !== fingerprint) {
      const { view } = this.#options.settings;
      this.#index = { fingerprint, index: await this.#shared.index(await this.#name(), view, fingerprint) };
    }
    return this.#index.index;
  }

  /** The same object as long as the files are the same. */
  #localFiles(): ReadonlyMap<string, string> {
    const store = this.#options.store();
    const { version } = store;
    if (this.#local?.version === version) return this.#local.files;
    const files = store.sharedFiles();
    const before = this.#local?.files;
    const same = before?.size === files.size && [...files].every(([path, hash]) => before.get(path) === hash);
    this.#local = { version, files: same ? before : files };
    return this.#local.files;
  }

  #failed(error: unknown): void {
    // The same failure told again does not make the server be left alone for longer.
    if (this.#failure?.error === error) return;
    if (this.#failure === undefined) {
      const message = error instanceof Error ? error.message : String(error);
      this.#options.onLog({ level: 'warn', message: `The shared index is not used: ${message}` });
    }
    this.#failure = { error, at: performance.now() };
    this.#index = undefined;
  }
}

/** True for what has nothing to do with the question: the shared index is away, or does not let us in. */
export function isTeamFailure(error: unknown): error is SextantError {
  const codes = ['store_offline', 'access_denied', 'index_missing', 'database_too_new'];
  return error instanceof SextantError && codes.includes(error.code);
}
