import os from 'node:os';
import { SextantError, serializeError } from '../shared/errors.ts';
import type { EngineSettings, LogLine, WorkspaceRoot } from '../shared/protocol.ts';
import type { RootStatus } from '../shared/status.ts';
import { ChunkPool } from './index/chunkPool.ts';
import { OpenRoot } from './openRoot.ts';
import type { Encoder } from './runtime/encoder.ts';

export interface OpenRootsOptions {
  /** Folder of the databases. */
  readonly storageDir: string;
  readonly settings: () => EngineSettings;
  readonly onStatus: (status: RootStatus) => void;
  readonly onLog: (line: LogLine) => void;
  /** Ends other work on a root's database before it is closed or deleted. */
  readonly release: (uri: string) => Promise<void>;
}

/** The roots that are open, and the parser threads they share. */
export class OpenRoots {
  readonly #options: OpenRootsOptions;
  readonly #roots = new Map<string, OpenRoot>();
  /** Roots whose database could not be opened; they do not keep the others from working. */
  readonly #broken = new Map<string, RootStatus>();
  #chunker: ChunkPool | undefined;
  #paused = false;

  constructor(options: OpenRootsOptions) {
    this.#options = options;
  }

  get paused(): boolean {
    return this.#paused;
  }

  all(): OpenRoot[] {
    return [...this.#roots.values()];
  }

  workspaces(): WorkspaceRoot[] {
    return this.all().map(({ workspace }) => workspace);
  }

  statuses(): RootStatus[] {
    return [...this.all().map((root) => root.status()), ...this.#broken.values()];
  }

  /** These roots; all where none are named. @throws SextantError `not_found` for one that is not open. */
  chosen(uris: readonly string[] | undefined): OpenRoot[] {
    return uris === undefined ? this.all() : uris.map((uri) => this.opened(uri));
  }

  /** @throws SextantError `not_found` */
  opened(uri: string): OpenRoot {
    const root = this.#roots.get(uri);
    if (root === undefined) throw new SextantError('not_found', `The folder ${uri} is not open.`);
    return root;
  }

  /** Opens a root, or returns it if it is open already. @throws SextantError when its database cannot be used. */
  open(root: WorkspaceRoot): OpenRoot {
    const known = this.#roots.get(root.uri);
    if (known !== undefined) return known;
    const { storageDir, settings, onStatus, onLog } = this.#options;
    const open = new OpenRoot({
      root,
      storageDir,
      settings: settings(),
      chunker: () => (this.#chunker ??= new ChunkPool({ size: parserThreads() })),
      onStatus,
      onLog,
    });
    this.#roots.set(root.uri, open);
    return open;
  }

  /** @throws SextantError `index_missing` for a root of which nothing is kept here. */
  requireIndex(root: WorkspaceRoot): void {
    if (OpenRoot.exists(this.#options.storageDir, root)) return;
    throw new SextantError('index_missing', `${root.path} is not indexed.`, { hint: 'Run `sextant index` first.' });
  }

  /** Opens each and hands it on. One that cannot be opened has its error in {@link statuses}, until the next call. */
  openAll(roots: readonly WorkspaceRoot[], handle: (open: OpenRoot, root: WorkspaceRoot) => void): void {
    this.#broken.clear();
    for (const root of new Map(roots.map((wanted) => [wanted.uri, wanted])).values()) {
      try {
        const open = this.open(root);
        open.updateSettings(this.#options.settings(), root);
        handle(open, root);
      } catch (error) {
        this.#broken.set(root.uri, brokenStatus(root, error));
      }
    }
  }

  async closeOthers(wanted: readonly WorkspaceRoot[]): Promise<void> {
    const kept = new Set(wanted.map(({ uri }) => uri));
    for (const [uri, open] of this.#roots) {
      if (kept.has(uri)) continue;
      this.#roots.delete(uri);
      await this.#options.release(uri);
      await open.dispose();
    }
  }

  /** Deletes the index of a root, which stays open and empty. */
  async clear(root: OpenRoot): Promise<void> {
    await this.#options.release(root.root);
    await root.clear();
  }

  settingsChanged(): void {
    for (const root of this.all()) root.updateSettings(this.#options.settings(), root.workspace);
  }

  setEncoder(encoder: Encoder | undefined): void {
    for (const root of this.all()) root.setEncoder(encoder);
  }

  /** Also of the roots to come. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
    for (const root of this.all()) {
      if (paused) root.pause();
      else root.resume();
    }
  }

  filesChanged(paths: readonly string[]): void {
    for (const root of this.all()) root.filesChanged(paths);
  }

  prioritize(paths: readonly string[]): void {
    for (const root of this.all()) root.prioritize(paths);
  }

  /** Whether some root still answers with the embeddings of this model. */
  isServing(fingerprint: string): boolean {
    return this.all().some((root) => root.servingModel() === fingerprint);
  }

  async dispose(): Promise<void> {
    const roots = this.all();
    this.#roots.clear();
    await Promise.all(roots.map((root) => root.dispose()));
    await this.#chunker?.dispose();
  }
}

function brokenStatus({ uri, name }: WorkspaceRoot, error: unknown): RootStatus {
  const counts = { files: 0, chunks: 0, embedded: 0, skipped: {}, degraded: 0 };
  return { root: uri, name, phase: 'error', ...counts, error: serializeError(error) };
}

/**
 * A parser thread holds its grammars, some hundred megabytes when a workspace has many languages: more than two on large
 * machines only.
 */
function parserThreads(): number {
  const cores = os.availableParallelism();
  return Math.min(cores, 4, Math.max(2, Math.floor(cores / 4)));
}
