import { z } from 'zod';
import { SextantError } from '../../shared/errors.ts';
import { readJsonFile } from './modelFiles.ts';
import type { Pooling } from './network.ts';

/** How a model's rows become embeddings: what `config.json` does not say. */
export interface ModelManifest {
  readonly name?: string;
  readonly license?: string;
  readonly pooling: Pooling;
  readonly prefixes: { readonly query: string; readonly document: string };
  /** Columns kept of an embedding; all of them if it is not said. */
  readonly dimension?: number;
  /** Shorter dimensions the model was trained for. */
  readonly matryoshka: readonly number[];
  readonly maxTokens?: number;
  /** The model beside this one that this one changes: then its folder holds an adapter only. */
  readonly base?: BaseModel;
  /** Expected digests by file name. */
  readonly files: Readonly<Record<string, { readonly sha256: string; readonly bytes: number }>>;
}

export interface BaseModel {
  /** Name of the folder, next to the adapter's own. */
  readonly folder: string;
  /** Digest of the base's `model.safetensors`. */
  readonly sha256: string;
}

export const manifestName = 'sextant.json';

const text = z.string().max(10_000);
const count = z.number().int().min(1).max(1_000_000);

const sextantSchema = z.object({
  name: text,
  version: z.union([text, z.number()]).optional(),
  architecture: text.optional(),
  pooling: z.enum(['mean', 'cls']),
  normalize: z.literal(true).default(true),
  prefixes: z.object({ query: text.default(''), document: text.default('') }).default({ query: '', document: '' }),
  dimension: count.optional(),
  matryoshka: z.array(count).default([]),
  maxTokens: count.optional(),
  license: text.optional(),
  base: z.object({ folder: z.string().regex(/^\w[\w.-]*$/), sha256: z.string().regex(/^[0-9a-f]{64}$/) }).optional(),
  files: z
    .record(text, z.object({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0) }))
    .default({}),
});

const poolingSchema = z.object({
  pooling_mode: text.optional(),
  pooling_mode_cls_token: z.boolean().default(false),
  pooling_mode_mean_tokens: z.boolean().default(false),
  pooling_mode_max_tokens: z.boolean().default(false),
  pooling_mode_mean_sqrt_len_tokens: z.boolean().default(false),
  pooling_mode_lasttoken: z.boolean().default(false),
  pooling_mode_weightedmean_tokens: z.boolean().default(false),
});
const modulesSchema = z.array(z.object({ type: text, path: text }));
const promptsSchema = z.object({ prompts: z.record(text, text.nullable()).nullish() });
const lengthSchema = z.object({ max_seq_length: count.nullish() });

/** Reads `sextant.json`, or else what sentence-transformers writes; a bare encoder is pooled by the mean. */
export async function readModelManifest(folder: string): Promise<ModelManifest> {
  const own = await readJsonFile(folder, manifestName);
  if (own === undefined) return sentenceTransformersManifest(folder);
  const { name, license, pooling, prefixes, dimension, matryoshka, maxTokens, base, files } = valid(
    sextantSchema,
    own,
    manifestName,
  );
  return {
    name,
    pooling,
    prefixes,
    matryoshka,
    files,
    ...(license === undefined ? {} : { license }),
    ...(dimension === undefined ? {} : { dimension }),
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(base === undefined ? {} : { base }),
  };
}

async function sentenceTransformersManifest(folder: string): Promise<ModelManifest> {
  const modules = valid(modulesSchema, (await readJsonFile(folder, 'modules.json')) ?? [], 'modules.json');
  const extra = modules.find(({ type }) => !/\.(Transformer|Pooling|Normalize)$/.test(type));
  if (extra !== undefined) {
    throw new SextantError(
      'model_invalid',
      `The model has a “${extra.type}” stage after its encoder, which is not supported.`,
    );
  }
  const poolingFolder = modules.find(({ type }) => type.endsWith('.Pooling'))?.path ?? '1_Pooling';
  const [pooling, prompts, length] = await Promise.all([
    // A module's path comes from a downloaded file, so it may name a folder inside of the model only.
    /^[\w.-]+$/.test(poolingFolder) ? readJsonFile(folder, `${poolingFolder}/config.json`) : undefined,
    readJsonFile(folder, 'config_sentence_transformers.json'),
    readJsonFile(folder, 'sentence_bert_config.json'),
  ]);
  const maxTokens = valid(lengthSchema, length ?? {}, 'sentence_bert_config.json').max_seq_length;
  return {
    pooling: pooling === undefined ? 'mean' : poolingOf(pooling),
    prefixes: prefixesOf(valid(promptsSchema, prompts ?? {}, 'config_sentence_transformers.json').prompts ?? {}),
    matryoshka: [],
    files: {},
    ...(maxTokens === undefined || maxTokens === null ? {} : { maxTokens }),
  };
}

function poolingOf(json: unknown): Pooling {
  const raw = valid(poolingSchema, json, '1_Pooling/config.json');
  const modes = Object.entries(raw).flatMap(([key, on]) => (on === true ? [key] : []));
  const mode =
    raw.pooling_mode ??
    modes.map((key) => key.replace('pooling_mode_', '').replace('_tokens', '').replace('_token', '')).join(' + ');
  if (mode === 'cls' || mode === 'mean') return mode;
  throw new SextantError('model_invalid', `The model pools by “${mode}”, which is not supported.`, {
    hint: 'Models that pool by mean or by the first token are.',
  });
}

/** Authors name their prompts differently; these are the names in use. */
function prefixesOf(prompts: Readonly<Record<string, string | null>>): ModelManifest['prefixes'] {
  const first = (...names: string[]): string =>
    names.map((name) => prompts[name]).find((prompt) => typeof prompt === 'string') ?? '';
  return {
    query: first('query', 'search_query', 's2p_query', 'retrieval.query'),
    document: first('document', 'passage', 'search_document', 'corpus', 'retrieval.passage'),
  };
}

function valid<Schema extends z.ZodType>(schema: Schema, json: unknown, file: string): z.infer<Schema> {
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  throw new SextantError(
    'model_invalid',
    `The model's ${file} cannot be used: ${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}.`,
    {
      cause: result.error,
    },
  );
}
