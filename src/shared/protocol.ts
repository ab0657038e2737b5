import * as z from 'zod/mini';
import { finetuneRequests, type FinetuneEvent, type FinetuneResults } from './finetune.ts';
import type { HistoryStatus } from './history.ts';
import { measureRequestSchema, type MeasureProgress, type MeasureReport } from './measure.ts';
import { moodRequests, type MoodResults } from './mood.ts';
import { modelRequests, type ModelProgress, type ModelResults } from './models.ts';
import {
  duplicatesRequestSchema,
  searchRequestSchema,
  similarRequestSchema,
  type DuplicatesResponse,
  type SearchResponse,
} from './search.ts';
import { remoteSettingsSchema } from './remote.ts';
import { teamSettingsSchema } from './team.ts';
import type { EngineStatus } from './status.ts';
import { transferRequests, type TransferResults } from './transfer.ts';

/** Raised by one whenever a request or its meaning changes; host and engine must agree on it. */
export const protocolVersion = 2;

export const backendPreferences = ['auto', 'cpu', 'cuda', 'directml', 'coreml', 'webgpu'] as const;
export const precisions = ['float32', 'int8'] as const;

/** What the user's settings say about the engine; an immutable snapshot. */
export const engineSettingsSchema = z.object({
  maxFileSizeBytes: z.int().check(z.gte(1)),
  /** Globs that are never indexed, from `files.exclude`, `search.exclude` and our own setting. */
  exclude: z.array(z.string()),
  useGitignore: z.boolean(),
  backend: z.enum(backendPreferences),
  /** How the CPU multiplies; embeddings of different precisions are not compared. */
  precision: z.enum(precisions),
  /** Threads for the CPU encoder; 0 lets the engine choose. */
  threads: z.int().check(z.gte(0), z.lte(256)),
  /** What a model may take of a GPU's memory; 0 and absent: half of the card's. */
  gpuMemoryMB: z.optional(z.int().check(z.gte(0))),
  /** Folder of a model in Hugging Face layout; empty means the embedded default. */
  modelPath: z.string(),
  /** Embed at a server instead of here; absent: nothing leaves this machine. */
  remote: z.optional(remoteSettingsSchema),
  /** Search what a team shares as well; absent: this machine only. */
  team: z.optional(teamSettingsSchema),
  /** The newest so many commits of a repository are indexed; 0: none. Absent: the engine's own bound. */
  commitLimit: z.optional(z.int().check(z.gte(0))),
});
export type EngineSettings = z.infer<typeof engineSettingsSchema>;

export const defaultEngineSettings: EngineSettings = {
  maxFileSizeBytes: 1024 * 1024,
  exclude: [],
  useGitignore: true,
  backend: 'auto',
  precision: 'float32',
  threads: 0,
  modelPath: '',
};

/** What differs in one root from {@link EngineSettings}: resource-scoped settings. Absent fields follow the engine's. */
const rootSettingsSchema = z.object({
  maxFileSizeBytes: z.optional(z.int().check(z.gte(1))),
  exclude: z.optional(z.array(z.string())),
  useGitignore: z.optional(z.boolean()),
  /** When false the root is searched as far as it is indexed, but indexed only on `reindex`. Absent: true. */
  automatic: z.optional(z.boolean()),
});
export type RootSettings = z.infer<typeof rootSettingsSchema>;

export const rootSchema = z.object({
  uri: z.string(),
  path: z.string(),
  name: z.string(),
  settings: z.optional(rootSettingsSchema),
});
/** A workspace folder: canonical URI (its key), absolute file-system path, display name. */
export type WorkspaceRoot = z.infer<typeof rootSchema>;

const none = z.object({});
const rootsOnly = z.object({ roots: z.optional(z.array(z.string())) });

/**
 * Every request to the engine: its parameter schema; results are typed in {@link EngineResults}. `openRoots` always
 * carries the full set: roots that are missing from it are closed, and known ones take their new settings.
 * A failed request is a JSON-RPC error whose `data` is a `SerializedError`.
 */
export const engineRequests = {
  initialize: z.object({
    protocolVersion: z.int(),
    /** Folder for databases; created when missing. */
    storageDir: z.string(),
    settings: engineSettingsSchema,
  }),
  ping: none,
  openRoots: z.object({ roots: z.array(rootSchema) }),
  updateSettings: z.object({ settings: engineSettingsSchema }),
  search: searchRequestSchema,
  similar: similarRequestSchema,
  duplicates: duplicatesRequestSchema,
  status: none,
  /** Files that changed, absolute paths; the engine looks at the disk to learn how. */
  filesChanged: z.object({ paths: z.array(z.string()) }),
  /** Paths the user is looking at, most important first; they are embedded before the rest. */
  prioritize: z.object({ paths: z.array(z.string()) }),
  reindex: z.object({ roots: z.optional(z.array(z.string())), fresh: z.boolean() }),
  pause: none,
  resume: none,
  clear: rootsOnly,
  /** Writes what the embedding server would get into a file for people; sends nothing. */
  previewRemote: rootsOnly,
  diagnostics: none,
  ...modelRequests,
  ...moodRequests,
  measure: measureRequestSchema,
  ...finetuneRequests,
  ...transferRequests,
  shutdown: none,
} as const;

export type EngineMethod = keyof typeof engineRequests;
export type EngineParams<M extends EngineMethod> = z.infer<(typeof engineRequests)[M]>;

export interface Diagnostics {
  readonly versions: Readonly<Record<string, string>>;
  readonly backends: readonly { readonly name: string; readonly available: boolean; readonly reason: string }[];
  readonly databases: readonly { readonly root: string; readonly bytes: number; readonly health: string }[];
  readonly status: EngineStatus;
  readonly memory: { readonly rssBytes: number };
}

export interface EngineResults extends ModelResults, MoodResults, FinetuneResults, TransferResults {
  initialize: { readonly protocolVersion: number; readonly version: string; readonly pid: number };
  ping: Record<string, never>;
  openRoots: EngineStatus;
  updateSettings: EngineStatus;
  search: SearchResponse;
  similar: SearchResponse;
  duplicates: DuplicatesResponse;
  status: EngineStatus;
  filesChanged: Record<string, never>;
  prioritize: Record<string, never>;
  reindex: Record<string, never>;
  pause: Record<string, never>;
  resume: Record<string, never>;
  clear: Record<string, never>;
  previewRemote: { readonly file: string };
  diagnostics: Diagnostics;
  measure: MeasureReport;
  shutdown: Record<string, never>;
}

export interface LogLine {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error';
  readonly message: string;
  readonly data?: Readonly<Record<string, string | number | boolean | null>>;
}

/** What the engine says unasked. */
export interface EngineNotifications {
  statusChanged: EngineStatus;
  historyChanged: HistoryStatus;
  modelProgress: ModelProgress;
  measureProgress: MeasureProgress;
  finetuneChanged: FinetuneEvent;
  log: LogLine;
}
export type EngineNotification = keyof EngineNotifications;
