import { randomUUID } from 'node:crypto';
import { rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type {
  HubAccess,
  HubHit,
  InstalledModel,
  ModelInstallation,
  ModelInventory,
  ModelOffer,
  ModelProgress,
} from '../../shared/models.ts';
import { readModelFolder } from '../model/modelFolder.ts';
import { readModelManifest } from '../model/modelManifest.ts';
import { WriterLease } from '../store/writerLease.ts';
import { ByteMeter } from './byteMeter.ts';
import { curatedModel, curatedModels } from './curated.ts';
import { downloadModel } from './downloadModel.ts';
import { freeBytes, requireSpace } from './freeSpace.ts';
import { HubClient, type HubRepository } from './hubClient.ts';
import { defaultHubTiming, HubConnection, type HubTiming } from './hubConnection.ts';
import { openFolder } from './importFolder.ts';
import { openArchive } from './importZip.ts';
import { writeInstalledManifest, baseNote, type InstallFacts } from './installedManifest.ts';
import { folderBytes, type ModelLibrary } from './modelLibrary.ts';
import { neededFiles } from './neededFiles.ts';
import { folderName } from './repositoryName.ts';

export interface ModelServiceOptions {
  readonly library: ModelLibrary;
  readonly onProgress?: (progress: ModelProgress) => void;
  /** Folder of the model in use, which cannot be removed. */
  readonly inUse?: () => string;
  readonly timing?: HubTiming;
}

export interface AddRequest {
  readonly repository: string;
  /** From the offer: what was shown and accepted is what comes. */
  readonly commit: string;
  /** The licence that was accepted; must be the offer's. */
  readonly license?: string | undefined;
  readonly access: HubAccess;
  readonly task: string;
}

/** Everything done with models as files: what there is, offers of the hub, installs, imports, removals. */
export class ModelService {
  readonly library: ModelLibrary;
  readonly #options: ModelServiceOptions;
  readonly #timing: HubTiming;

  constructor(options: ModelServiceOptions) {
    this.library = options.library;
    this.#options = options;
    this.#timing = options.timing ?? defaultHubTiming;
  }

  async list(): Promise<ModelInventory> {
    await mkdir(this.library.directory, { recursive: true });
    const [installed, bytes, free] = await Promise.all([
      this.library.list(),
      this.library.bytes(),
      freeBytes(this.library.directory),
    ]);
    return { installed, curated: curatedModels, directory: this.library.directory, bytes, freeBytes: free };
  }

  /**
   * Asks the hub what a model is and costs, without fetching it.
   * @throws HubError where the hub refuses; `model_invalid` for a repository that holds no model for us.
   */
  async offer(repository: string, access: HubAccess, options: OfferOptions = {}): Promise<ModelOffer> {
    await using connection = new HubConnection(access, this.#timing);
    const described = await new HubClient(connection).describe(repository, options.revision, options.signal);
    return await this.#offerOf(described);
  }

  /** Models of architectures that run here, by words of their names, the most used first. */
  async search(query: string, access: HubAccess, signal?: AbortSignal): Promise<{ readonly hits: readonly HubHit[] }> {
    await using connection = new HubConnection(access, this.#timing);
    return { hits: await new HubClient(connection).search(query, signal) };
  }

  /**
   * Downloads, checks and installs a model.
   * @throws HubError, `license_required`, `disk_full`, `model_invalid`; the signal's reason when cancelled, with what
   * came so far kept for the next attempt.
   */
  async add(
    { repository, commit, license, access, task }: AddRequest,
    signal?: AbortSignal,
  ): Promise<ModelInstallation> {
    await using connection = new HubConnection(access, this.#timing);
    const client = new HubClient(connection);
    const described = await client.describe(repository, commit, signal);
    if (described.license !== undefined && described.license !== license) {
      throw new SextantError('license_required', `${described.repository} is licensed under “${described.license}”.`, {
        hint: `Read it at ${described.licenseUrl} and accept it to install the model.`,
      });
    }
    const id = folderName(described.repository, described.commit);
    const known = this.library.folderOf(id);
    if (known !== undefined) return { model: await this.library.find(id), notes: [] };
    const needed = neededFiles(described.files.values());
    const staging = this.library.staging(id);
    await mkdir(staging, { recursive: true });
    return await exclusively(`${staging}.lock`, described.repository, async () => {
      await requireSpace(this.library.directory, needed.bytes - (await folderBytes(staging)));
      const report = this.#reporter(task);
      const meter = new ByteMeter(needed.bytes, (reading) => report({ phase: 'downloading', ...reading }));
      const onWait = (error: Error): void => report({ phase: 'waiting', detail: error.message, ...meter.reading() });
      await downloadModel({ client, repository: described, needed, folder: staging, meter, onWait, signal });
      report({ phase: 'checking', ...meter.reading() });
      const source = { kind: 'hub', repository: described.repository, commit: described.commit } as const;
      return this.#install(staging, { name: described.repository, source, license: described.license }, () => id);
    });
  }

  /**
   * Copies a model from a folder or zip archive into the library, its own files only.
   * @throws SextantError `not_found`, `invalid_argument`, `model_invalid`, `disk_full`; the signal's reason.
   */
  async import(from: string, options: ImportOptions): Promise<ModelInstallation> {
    const { signal } = options;
    await mkdir(this.library.directory, { recursive: true });
    const staging = this.library.staging(`import-${randomUUID()}`);
    const report = this.#reporter(options.task ?? '');
    const isArchive = /\.zip$/i.test(from);
    try {
      await using archive = isArchive ? await openArchive(from, signal) : undefined;
      const folder = archive === undefined ? await openFolder(from) : undefined;
      const bytes = archive?.bytes ?? folder!.bytes;
      await requireSpace(this.library.directory, bytes);
      const meter = new ByteMeter(bytes, (reading) => report({ phase: 'copying', ...reading }));
      await mkdir(staging, { recursive: true });
      await archive?.unpack(staging, meter, signal);
      await folder?.copy(staging, meter, signal);
      report({ phase: 'checking', ...meter.reading() });
      const name = importedName(options.name ?? (await ownName(staging)) ?? from);
      const facts: InstallFacts = { name, source: { kind: 'import', from: path.basename(from) } };
      return await this.#install(staging, facts, (fingerprint) => folderName(name, fingerprint));
    } finally {
      await rm(staging, { recursive: true, force: true });
    }
  }

  /** @throws SextantError `model_missing`; `invalid_argument` for the embedded model and the one in use. */
  async remove(id: string): Promise<{ readonly model: InstalledModel; readonly freedBytes: number }> {
    const model = await this.library.find(id);
    const inUse = this.#options.inUse?.() ?? '';
    if (inUse !== '' && path.resolve(inUse) === path.resolve(model.directory)) {
      throw new SextantError('invalid_argument', `${model.name} is in use.`, { hint: 'Select another model first.' });
    }
    return this.library.remove(id);
  }

  async discardDownloads(): Promise<{ readonly freedBytes: number }> {
    return { freedBytes: await this.library.discard() };
  }

  async #offerOf(described: HubRepository): Promise<ModelOffer> {
    const { repository, commit, page, license, licenseName, licenseUrl, gated, files } = described;
    const needed = neededFiles(files.values());
    const id = folderName(repository, commit);
    const curated = curatedModel(repository);
    const pools = needed.descriptions.some(({ path: file }) => file.includes('_Pooling/') || file === 'sextant.json');
    const purpose = pools || curated?.purpose === 'embedding' ? 'embedding' : 'base';
    const notes = [
      ...(license === undefined ? ['Its repository states no licence.'] : []),
      ...(licenseName === undefined ? [] : [`Its licence is called “${licenseName}”.`]),
      ...(purpose === 'base' ? [baseNote] : []),
    ];
    return {
      repository,
      commit,
      url: page,
      ...(license === undefined ? {} : { license }),
      licenseUrl,
      purpose,
      bytes: needed.bytes,
      partialBytes: await folderBytes(this.library.staging(id)),
      gated,
      installed: this.library.folderOf(id) !== undefined,
      notes,
    };
  }

  /** Last checks on the complete folder, then one rename. What turns out to be no model is not kept. */
  async #install(
    staging: string,
    facts: InstallFacts,
    idOf: (fingerprint: string) => string,
  ): Promise<ModelInstallation> {
    try {
      const { notes } = await writeInstalledManifest(staging, facts);
      const { fingerprint } = await readModelFolder(staging);
      const id = idOf(fingerprint);
      await this.library.adopt(staging, id);
      return { model: await this.library.find(id), notes };
    } catch (error) {
      await rm(staging, { recursive: true, force: true });
      throw error;
    }
  }

  #reporter(task: string): (progress: Omit<ModelProgress, 'task'>) => void {
    return (progress) => this.#options.onProgress?.({ task, ...progress });
  }
}

export interface OfferOptions {
  readonly revision?: string;
  readonly signal?: AbortSignal;
}

export interface ImportOptions {
  /** Name in the library; by default what the model calls itself, or that of the file or folder. */
  readonly name?: string;
  readonly task?: string;
  readonly signal?: AbortSignal;
}

/** One process fetches a model at a time; the lock goes with the process. */
async function exclusively<T>(file: string, repository: string, work: () => Promise<T>): Promise<T> {
  const lease = new WriterLease(file);
  if (!lease.tryAcquire()) {
    throw new SextantError('database_busy', `${repository} is being downloaded by another window or command already.`, {
      hint: 'Wait until it is done there, or cancel it there.',
    });
  }
  try {
    return await work();
  } finally {
    lease.release();
    rmSync(file, { force: true });
  }
}

/** What a model that Sextant made calls itself. */
async function ownName(folder: string): Promise<string | undefined> {
  return (await readModelManifest(folder)).name;
}

/** A folder name made of what people called the file. */
function importedName(from: string): string {
  const name = path.basename(path.resolve(from)).replace(/\.zip$/i, '');
  const plain = name.replaceAll(/[^\w.-]+/g, '-').replace(/^[^A-Za-z0-9]+/, '');
  return plain.slice(0, 80) || 'model';
}
