import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';
import type { InstalledModel } from '../../shared/models.ts';
import { manifestName } from '../model/modelManifest.ts';
import { weightsName } from '../model/modelFolder.ts';
import { adapterName } from '../model/modelParts.ts';
import { embeddedModelDirectory } from '../paths.ts';

/** Unfinished downloads and imports; in the library, so that putting one in place is a rename. */
const stagingName = '.downloads';
const trashPrefix = '.removed-';
const selectionName = 'selected.json';

const listedSchema = z.object({
  name: z.optional(z.string()),
  license: z.optional(z.string()),
  dimension: z.optional(z.number()),
  purpose: z._default(z.enum(['embedding', 'base']), 'embedding'),
  source: z.optional(
    z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('hub'), repository: z.string(), commit: z.string() }),
      z.object({ kind: z.literal('import'), from: z.string() }),
    ]),
  ),
});
const selectionSchema = z.object({ id: z.string() });

/**
 * The models on this machine: those that ship with Sextant, read-only, and those that were installed, each a folder of
 * its own that is complete from the moment it has its name. Windows and command lines share a library.
 */
export class ModelLibrary {
  readonly directory: string;
  readonly #embedded: string;

  constructor(directory: string, embedded: string = path.dirname(embeddedModelDirectory)) {
    this.directory = directory;
    this.#embedded = embedded;
  }

  /** Folder for what is not finished under this name. Not made. */
  staging(name: string): string {
    return path.join(this.directory, stagingName, name);
  }

  /** Models with a problem are listed too, so that they can be removed. */
  async list(): Promise<InstalledModel[]> {
    const [embedded, installed] = await Promise.all([modelsIn(this.#embedded, true), modelsIn(this.directory, false)]);
    return [...embedded, ...installed];
  }

  /**
   * The folder of a model by its id or name; of several revisions, the one that was installed last.
   * Synchronous, since command lines settle their model before anything else runs.
   */
  folderOf(reference: string): string | undefined {
    for (const root of [this.#embedded, this.directory]) {
      const ids = folderNames(root);
      if (ids.includes(reference)) return path.join(root, reference);
      const named = ids
        .map((id) => path.join(root, id))
        .filter((folder) => readListing(folder)?.name?.toLowerCase() === reference.toLowerCase())
        .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
      if (named[0] !== undefined) return named[0];
    }
    return undefined;
  }

  /** Names for messages. */
  names(): string[] {
    return [this.#embedded, this.directory].flatMap((root) =>
      folderNames(root).map((id) => readListing(path.join(root, id))?.name ?? id),
    );
  }

  async find(reference: string): Promise<InstalledModel> {
    const folder = this.folderOf(reference);
    const model = (await this.list()).find(({ directory }) => directory === folder);
    if (model !== undefined) return model;
    throw new SextantError('model_missing', `There is no model “${reference}”.`, {
      hint: `Installed: ${this.names().join(', ')}.`,
    });
  }

  /**
   * Puts a checked folder in place under its id. One that is there already stays, and the new one goes.
   * @returns the folder.
   */
  async adopt(folder: string, id: string): Promise<string> {
    const target = path.join(this.directory, id);
    try {
      await rename(folder, target);
    } catch (error) {
      if (!existsSync(path.join(target, manifestName))) throw error;
      await rm(folder, { recursive: true, force: true });
    }
    return target;
  }

  /**
   * Removes an installed model from the disk.
   * @throws SextantError `model_missing`; `invalid_argument` for one that ships with Sextant.
   */
  async remove(reference: string): Promise<{ readonly model: InstalledModel; readonly freedBytes: number }> {
    const model = await this.find(reference);
    if (model.embedded) {
      throw new SextantError('invalid_argument', `${model.name} ships with Sextant and cannot be removed.`);
    }
    // Out of the way at once; files that a running encoder holds open are deleted as far as the system lets them.
    const trash = path.join(this.directory, `${trashPrefix}${process.pid}-${Date.now()}`);
    await rename(model.directory, trash);
    await rm(trash, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
    if (this.selected() === model.directory) this.select(undefined);
    return { model, freedBytes: model.bytes };
  }

  /** Throws away unfinished downloads and what a removal could not delete. */
  async discard(): Promise<number> {
    const names = existsSync(this.directory) ? await readdir(this.directory) : [];
    let freed = 0;
    for (const name of names.filter((name) => name === stagingName || name.startsWith(trashPrefix))) {
      const folder = path.join(this.directory, name);
      freed += await folderBytes(folder);
      await rm(folder, { recursive: true, force: true, maxRetries: 3 });
    }
    return freed;
  }

  bytes(): Promise<number> {
    return folderBytes(this.directory);
  }

  /** The folder of the model that the command line uses without `--model`; undefined for the embedded default. */
  selected(): string | undefined {
    const file = path.join(this.directory, selectionName);
    if (!existsSync(file)) return undefined;
    const parsed = selectionSchema.safeParse(jsonOf(readFileSync(file, 'utf8')));
    return parsed.success ? this.folderOf(parsed.data.id) : undefined;
  }

  /** @throws SextantError `model_missing` */
  select(reference: string | undefined): void {
    const file = path.join(this.directory, selectionName);
    if (reference === undefined) {
      rmSync(file, { force: true });
      return;
    }
    const folder = this.folderOf(reference);
    if (folder === undefined) {
      throw new SextantError('model_missing', `There is no model “${reference}”.`, {
        hint: `Installed: ${this.names().join(', ')}.`,
      });
    }
    mkdirSync(this.directory, { recursive: true });
    writeFileSync(file, `${JSON.stringify({ id: path.basename(folder) })}\n`);
  }
}

function folderNames(root: string): string[] {
  if (!existsSync(root)) return [];
  return (
    readdirSync(root, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.'))
      .map(({ name }) => name)
      .filter((name) => existsSync(path.join(root, name, 'config.json')))
      // An adapter belongs to the model beside it and is no choice of its own.
      .filter((name) => !existsSync(path.join(root, name, adapterName)))
  );
}

async function modelsIn(root: string, embedded: boolean): Promise<InstalledModel[]> {
  return Promise.all(folderNames(root).map((id) => describe(root, id, embedded)));
}

async function describe(root: string, id: string, embedded: boolean): Promise<InstalledModel> {
  const directory = path.join(root, id);
  const listing = readListing(directory);
  const weights = await stat(path.join(directory, weightsName)).catch(() => undefined);
  const config = embeddingWidth(await readFile(path.join(directory, 'config.json'), 'utf8').catch(() => ''));
  const dimension = listing?.dimension ?? config;
  return {
    id,
    name: listing?.name ?? id,
    directory,
    embedded,
    bytes: await folderBytes(directory),
    purpose: listing?.purpose ?? 'embedding',
    ...(dimension === undefined ? {} : { dimension }),
    ...(listing?.license === undefined ? {} : { license: listing.license }),
    ...(listing?.source === undefined ? {} : { source: listing.source }),
    ...(weights?.isFile() === true ? {} : { problem: `${weightsName} is missing.` }),
  };
}

function embeddingWidth(config: string): number | undefined {
  const parsed = z
    .object({ hidden_size: z.optional(z.number()), dim: z.optional(z.number()) })
    .safeParse(jsonOf(config));
  return parsed.success ? (parsed.data.hidden_size ?? parsed.data.dim) : undefined;
}

function readListing(folder: string): z.infer<typeof listedSchema> | undefined {
  const file = path.join(folder, manifestName);
  if (!existsSync(file)) return undefined;
  const parsed = listedSchema.safeParse(jsonOf(readFileSync(file, 'utf8')));
  return parsed.success ? parsed.data : undefined;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes of all files below; what vanishes meanwhile counts nothing. */
export async function folderBytes(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter((entry) => entry.isFile())
    .map((entry) =>
      stat(path.join(entry.parentPath, entry.name)).then(
        ({ size }) => size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}
