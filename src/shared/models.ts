import * as z from 'zod/mini';
import { networkAccessSchema } from './network.ts';

/** What a model is good for as it stands; a `base` gives embeddings of little use before it is fine-tuned. */
export type ModelPurpose = 'embedding' | 'base';

/** Where an installed model came from. */
export type ModelSource =
  | { readonly kind: 'hub'; readonly repository: string; readonly commit: string }
  | { readonly kind: 'import'; readonly from: string };

/** A model in the library, or one that ships with Sextant. */
export interface InstalledModel {
  /** Unique, and what `--model` and `model remove` take: the folder's name. */
  readonly id: string;
  /** What people call it: `organisation/name` for models of the hub. Several revisions share it. */
  readonly name: string;
  readonly directory: string;
  readonly embedded: boolean;
  /** On disk, all files. */
  readonly bytes: number;
  readonly purpose: ModelPurpose;
  readonly dimension?: number;
  readonly license?: string;
  readonly source?: ModelSource;
  /** Why it cannot be used. */
  readonly problem?: string;
}

/** A model that is known to work well here. */
export interface CuratedModel {
  readonly repository: string;
  readonly purpose: ModelPurpose;
  /** In millions. */
  readonly parameters: number;
  readonly dimension: number;
  readonly license: string;
  /** One line for the list. */
  readonly summary: string;
}

export interface ModelInventory {
  readonly installed: readonly InstalledModel[];
  readonly curated: readonly CuratedModel[];
  /** Folder of the library. */
  readonly directory: string;
  /** What the library takes, partial downloads counted. */
  readonly bytes: number;
  readonly freeBytes: number;
}

/** What the hub finds for some words. */
export interface HubHit {
  readonly repository: string;
  /** As the repository's tags state it. */
  readonly license?: string;
  /** Of the last month. */
  readonly downloads: number;
}

/** What a download would bring: shown before anything is fetched. */
export interface ModelOffer {
  readonly repository: string;
  /** The commit that the asked for revision is now; what is downloaded is exactly this. */
  readonly commit: string;
  /** Page for people. */
  readonly url: string;
  /** SPDX-like id as the repository states it; undefined when it states none. */
  readonly license?: string;
  readonly licenseUrl: string;
  readonly purpose: ModelPurpose;
  readonly bytes: number;
  /** Already here from an attempt that was cut. */
  readonly partialBytes: number;
  readonly gated: boolean;
  readonly installed: boolean;
  /** What a person should know before and after the install. */
  readonly notes: readonly string[];
}

export interface ModelProgress {
  /** As given with the request. */
  readonly task: string;
  readonly phase: 'downloading' | 'copying' | 'checking' | 'waiting';
  readonly doneBytes: number;
  readonly totalBytes: number;
  readonly bytesPerSecond?: number;
  readonly etaSeconds?: number;
  /** Why it waits. */
  readonly detail?: string;
}

export interface ModelInstallation {
  readonly model: InstalledModel;
  readonly notes: readonly string[];
}

/** How the hub is reached. */
export const hubAccessSchema = z.extend(networkAccessSchema, {
  /** Base address; the public hub or `HF_ENDPOINT` when absent. */
  endpoint: z.optional(z.string()),
  token: z.optional(z.string()),
});
export type HubAccess = z.infer<typeof hubAccessSchema>;

const repository = z.string().check(z.maxLength(200));
const task = z.string().check(z.maxLength(100));

export const modelRequests = {
  listModels: z.object({}),
  offerModel: z.object({ repository, revision: z.optional(z.string()), access: hubAccessSchema }),
  searchHub: z.object({ query: z.string().check(z.maxLength(200)), access: hubAccessSchema }),
  /** Downloads and installs what an offer named; `license` is what the user accepted. */
  addModel: z.object({
    repository,
    commit: z.string(),
    license: z.optional(z.string()),
    access: hubAccessSchema,
    task,
  }),
  /** Installs from a folder or a zip archive on this machine. */
  importModel: z.object({ path: z.string(), name: z.optional(z.string()), task }),
  removeModel: z.object({ id: z.string() }),
  /** Throws away what cancelled downloads left. */
  discardDownloads: z.object({}),
} as const;

export interface ModelResults {
  listModels: ModelInventory;
  offerModel: ModelOffer;
  searchHub: { readonly hits: readonly HubHit[] };
  addModel: ModelInstallation;
  importModel: ModelInstallation;
  removeModel: { readonly freedBytes: number };
  discardDownloads: { readonly freedBytes: number };
}
