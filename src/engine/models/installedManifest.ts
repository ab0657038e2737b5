import { existsSync } from 'node:fs';
import { readdir, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ModelPurpose, ModelSource } from '../../shared/models.ts';
import { fileDigest } from '../model/modelFiles.ts';
import { readModelFolder, tokenizerName, weightsName } from '../model/modelFolder.ts';
import { manifestName, readModelManifest, type ModelManifest } from '../model/modelManifest.ts';
import { curatedModel, type CuratedEntry } from './curated.ts';
import { readmeLicense } from './readmeLicense.ts';

export interface InstallFacts {
  readonly name: string;
  readonly source: ModelSource;
  /** As the hub's API states it; else what README.md does. */
  readonly license?: string | undefined;
}

export interface InstallReport {
  readonly purpose: ModelPurpose;
  /** What is worth knowing: where files and curated list disagree, what the model is not made for. */
  readonly notes: readonly string[];
}

/**
 * Checks a complete folder of downloaded or imported files and writes its `sextant.json`: pooling, prefixes and licence
 * from the files themselves, completed from the curated list where they are silent.
 * @throws SextantError `model_invalid` for files that are no model of ours.
 */
export async function writeInstalledManifest(folder: string, facts: InstallFacts): Promise<InstallReport> {
  const model = await readModelFolder(folder);
  const [manifest, stated] = await Promise.all([readModelManifest(folder), statedFiles(folder)]);
  const curated = facts.source.kind === 'hub' ? curatedModel(facts.source.repository) : undefined;
  const license = facts.license ?? manifest.license ?? (await readmeLicense(folder));
  const settled = settle(manifest, stated, curated);
  const known = stated.manifest || stated.pooling || curated?.purpose === 'embedding';
  const purpose: ModelPurpose = known ? 'embedding' : 'base';
  const written = {
    name: facts.name,
    purpose,
    architecture: model.config.family,
    pooling: settled.pooling,
    normalize: true,
    prefixes: settled.prefixes,
    dimension: model.dimension,
    matryoshka: manifest.matryoshka.length > 0 ? manifest.matryoshka : (curated?.matryoshka ?? []),
    maxTokens: model.maxTokens,
    ...(license === undefined ? {} : { license }),
    source: facts.source,
    files: await digests(folder),
  };
  await writeFile(path.join(folder, manifestName), `${JSON.stringify(written, undefined, 2)}\n`);
  const notes = [
    ...settled.notes,
    ...(curated === undefined ? [] : differences(curated, model.dimension, license)),
    ...(purpose === 'base' ? [baseNote] : []),
  ];
  return { purpose, notes };
}

function differences(curated: CuratedEntry, dimension: number, license: string | undefined): string[] {
  const notes: string[] = [];
  if (curated.dimension !== dimension) {
    notes.push(`Its embeddings have ${dimension} dimensions; Sextant's list says ${curated.dimension}.`);
  }
  if (license !== undefined && curated.license !== license.toLowerCase()) {
    notes.push(`Its licence is “${license}”; Sextant's list says “${curated.license}”.`);
  }
  return notes;
}

export const baseNote =
  'It is a base to fine-tune: it comes without pooling settings, and its embeddings search poorly until it is trained on pairs.';

interface Stated {
  readonly manifest: boolean;
  readonly pooling: boolean;
}

/** What the folder says of itself, as opposed to what is assumed where it is silent. */
async function statedFiles(folder: string): Promise<Stated> {
  const names = await readdir(folder);
  const pooling = names.some((name) => /_Pooling$/.test(name) && existsSync(path.join(folder, name, 'config.json')));
  return { manifest: names.includes(manifestName), pooling };
}

type Settled = Pick<ModelManifest, 'pooling' | 'prefixes'> & { readonly notes: string[] };

function settle(manifest: ModelManifest, stated: Stated, curated: CuratedEntry | undefined): Settled {
  const notes: string[] = [];
  const own = stated.manifest || stated.pooling;
  if (curated?.pooling !== undefined && own && curated.pooling !== manifest.pooling) {
    notes.push(`It pools by ${manifest.pooling}, as its files say; Sextant's list says ${curated.pooling}.`);
  }
  const pooling = own ? manifest.pooling : (curated?.pooling ?? manifest.pooling);
  const { prefixes } = manifest;
  const silent = prefixes.query === '' && prefixes.document === '';
  const listed = curated?.prefixes;
  if (listed === undefined || (silent && stated.manifest)) return { pooling, prefixes, notes };
  if (silent) return { pooling, prefixes: listed, notes };
  if (listed.query !== prefixes.query || listed.document !== prefixes.document) {
    notes.push(
      `It puts “${prefixes.query}” before queries and “${prefixes.document}” before documents, as its files say; ` +
        `Sextant's list says “${listed.query}” and “${listed.document}”.`,
    );
  }
  return { pooling, prefixes, notes };
}

async function digests(folder: string): Promise<Record<string, { readonly sha256: string; readonly bytes: number }>> {
  const named = await Promise.all(
    [weightsName, tokenizerName, 'config.json'].map(async (name) => {
      const { size } = await stat(path.join(folder, name));
      return [name, { sha256: await fileDigest(folder, name), bytes: size }] as const;
    }),
  );
  return Object.fromEntries(named);
}
