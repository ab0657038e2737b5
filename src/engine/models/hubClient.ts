import { z } from 'zod';
import { SextantError } from '../../shared/errors.ts';
import type { HubHit } from '../../shared/models.ts';
import { modelTypes } from '../model/modelConfig.ts';
import type { HubConnection } from './hubConnection.ts';
import { HubError } from './hubErrors.ts';
import { parseRepository } from './repositoryName.ts';
import { retrying } from './retrying.ts';

/** How a file's contents are known before they come: large files by SHA-256, small ones by git's blob id. */
export interface ContentDigest {
  readonly kind: 'sha256' | 'gitBlob';
  /** Lower-case hex. */
  readonly hex: string;
}

export interface HubFile {
  readonly path: string;
  readonly bytes: number;
  readonly digest: ContentDigest;
}

/** A repository at one commit. */
export interface HubRepository {
  readonly repository: string;
  readonly commit: string;
  readonly page: string;
  readonly gated: boolean;
  readonly license: string | undefined;
  readonly licenseName: string | undefined;
  readonly licenseUrl: string;
  readonly files: ReadonlyMap<string, HubFile>;
}

const size = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);
const sha1 = z.string().regex(/^[0-9a-f]{40}$/);
const short = z.string().max(500);

const infoSchema = z.object({
  id: short,
  sha: sha1,
  gated: z.union([z.boolean(), short]).nullish(),
  cardData: z
    .object({
      license: z.union([short, z.array(short)]).nullish(),
      license_name: short.nullish(),
      license_link: short.nullish(),
    })
    .nullish()
    .catch(undefined),
  tags: z.array(short).nullish().catch(undefined),
  siblings: z
    .array(
      z.object({
        rfilename: z.string().max(2000),
        size: size.nullish(),
        blobId: sha1.nullish(),
        lfs: z.object({ sha256: sha256.optional(), oid: sha256.optional(), size }).nullish(),
      }),
    )
    .max(100_000),
});
type Info = z.infer<typeof infoSchema>;

const hitsSchema = z.array(
  z.object({ id: short, downloads: size.catch(0).default(0), tags: z.array(short).catch([]).default([]) }),
);
const mostHits = 30;

/** The hub's API for models (https://huggingface.co/docs/hub/api), as far as an install needs it. */
export class HubClient {
  readonly connection: HubConnection;

  constructor(connection: HubConnection) {
    this.connection = connection;
  }

  /**
   * What a revision (`main` by default) is now.
   * @throws HubError where the hub refuses, `invalid_argument` for a name that cannot be one.
   */
  async describe(name: string, revision: string | undefined, signal?: AbortSignal): Promise<HubRepository> {
    const asked = parseRepository(name);
    const wanted = revision ?? asked.revision ?? 'main';
    const page = this.connection.address(asked.repository);
    const path = `api/models/${asked.repository}/revision/${encodeURIComponent(wanted)}?blobs=true`;
    const text = await this.#text(this.connection.address(path), asked.repository, page, signal);
    return repositoryOf(parsed(infoSchema, text, asked.repository), asked.repository, page);
  }

  /** Encoders with safetensors weights whose names have these words, the most downloaded first. */
  async search(query: string, signal?: AbortSignal): Promise<HubHit[]> {
    const page = this.connection.address('models');
    const words = new URLSearchParams({ search: query, filter: 'safetensors', sort: 'downloads', limit: '100' });
    const address = this.connection.address(`api/models?${words.toString()}`);
    const text = await this.#text(address, 'list of models', page, signal);
    return parsed(hitsSchema, text, 'its models')
      .filter(({ tags }) => tags.some((tag) => modelTypes.includes(tag)))
      .slice(0, mostHits)
      .map(({ id, downloads, tags }) => {
        const license = licenseTag(tags);
        return { repository: id, downloads, ...(license === undefined ? {} : { license }) };
      });
  }

  /** The API is not worth as much patience as a download. */
  #text(address: string, what: string, page: string, signal: AbortSignal | undefined): Promise<string> {
    const timing = { ...this.connection.timing, attempts: Math.min(3, this.connection.timing.attempts) };
    return retrying(() => this.connection.text(address, { what, page, signal }), { timing, signal });
  }

  /** Address of a file at exactly this commit. */
  fileAddress({ repository, commit }: HubRepository, path: string): string {
    const encoded = path.split('/').map(encodeURIComponent).join('/');
    return this.connection.address(`${repository}/resolve/${commit}/${encoded}`);
  }
}

function parsed<Schema extends z.ZodType>(schema: Schema, text: string, what: string): z.infer<Schema> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw unexpected(what, 'it is not JSON', cause);
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw unexpected(what, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, result.error);
}

function unexpected(what: string, why: string, cause: unknown): HubError {
  return new HubError('network', `What the hub says about ${what} makes no sense: ${why}.`, {
    hint: 'A proxy or sign-in page may have answered in its place; check HF_ENDPOINT.',
    cause,
  });
}

function repositoryOf(info: Info, asked: string, page: string): HubRepository {
  const files = new Map<string, HubFile>();
  for (const { rfilename: path, size: bytes, blobId, lfs } of info.siblings) {
    const hex = lfs?.sha256 ?? lfs?.oid;
    if (lfs && hex !== undefined) {
      files.set(path, { path, bytes: lfs.size, digest: { kind: 'sha256', hex } });
    } else if (typeof bytes === 'number' && typeof blobId === 'string') {
      files.set(path, { path, bytes, digest: { kind: 'gitBlob', hex: blobId } });
    }
  }
  if (files.size === 0 && info.siblings.length > 0) {
    throw new SextantError('model_invalid', `The hub states no digests for the files of ${asked}.`, {
      hint: 'What cannot be checked is not installed; use another mirror.',
    });
  }
  // The hub's own spelling, since names are compared without case and old names redirect.
  const repository = parseRepository(info.id).repository;
  const license = licenseOf(info);
  return {
    repository,
    commit: info.sha,
    page,
    gated: info.gated !== undefined && info.gated !== null && info.gated !== false,
    license,
    licenseName: info.cardData?.license_name ?? undefined,
    licenseUrl: licenseAddress(info, page),
    files,
  };
}

function licenseOf({ cardData, tags }: Info): string | undefined {
  const stated = [cardData?.license].flat().filter((license) => typeof license === 'string');
  if (stated.length > 0) return stated.join(', ');
  return licenseTag(tags ?? []);
}

function licenseTag(tags: readonly string[]): string | undefined {
  return tags.find((tag) => tag.startsWith('license:'))?.slice('license:'.length);
}

function licenseAddress({ cardData }: Info, page: string): string {
  const link = cardData?.license_link;
  return typeof link === 'string' && /^https?:\/\//.test(link) ? link : page;
}
