import { readFile } from 'node:fs/promises';
import path from 'node:path';
import * as z from 'zod/mini';
import { SextantError } from '../../shared/errors.ts';
import { ndcg } from './retrievalMetrics.ts';

const spanSchema = z.object({ path: z.string(), start_line: z.int(), end_line: z.int() });
const targetSchema = z.union([z.string(), spanSchema]);
const annotationsSchema = z.array(
  z.object({
    query: z.string(),
    relevant: z.array(targetSchema),
    secondary: z.optional(z.nullable(z.array(targetSchema))),
    category: z.string(),
  }),
);
const rootsSchema = z.array(
  z.object({ name: z.string(), language: z.optional(z.string()), root: z.optional(z.nullable(z.string())) }),
);

export interface Target {
  readonly path: string;
  /** 1-based, inclusive; absent where any line of the file counts. */
  readonly lines?: { readonly start: number; readonly end: number };
}

export interface AnnotatedQuery {
  readonly query: string;
  readonly category: string;
  readonly targets: readonly Target[];
}

export interface EvaluatedRepo {
  readonly name: string;
  readonly language: string;
  /** Folder to index, relative to the checkout; empty for all of it. */
  readonly root: string;
}

export interface ResultSpan {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
}

async function readJson<T>(file: string, schema: z.ZodMiniType<T>): Promise<T> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new SextantError('invalid_argument', `${file} cannot be read as JSON.`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw new SextantError('invalid_argument', `${file} does not have the expected fields.`);
  return parsed.data;
}

/** Queries of one repository with their targets: relevant and secondary ones, equal in weight. */
export async function readAnnotations(file: string): Promise<AnnotatedQuery[]> {
  const rows = await readJson(file, annotationsSchema);
  return rows.map(({ query, category, relevant, secondary }) => ({
    query,
    category,
    targets: [...relevant, ...(secondary ?? [])].map((target) =>
      typeof target === 'string'
        ? { path: target }
        : { path: target.path, lines: { start: target.start_line, end: target.end_line } },
    ),
  }));
}

export async function readRoots(file: string): Promise<Map<string, EvaluatedRepo>> {
  const rows = await readJson(file, rootsSchema);
  return new Map(
    rows.map(({ name, language, root }) => [name, { name, language: language ?? 'unknown', root: root ?? '' }]),
  );
}

/** Paths are equal, or one ends with "/" and the other. */
function samePath(left: string, right: string): boolean {
  return left === right || left.endsWith(`/${right}`) || right.endsWith(`/${left}`);
}

function hits(result: ResultSpan, target: Target): boolean {
  if (!samePath(result.path, target.path)) return false;
  return target.lines === undefined || (result.startLine <= target.lines.end && target.lines.start <= result.endLine);
}

/**
 * NDCG@10 of one query: the first ten results, repeated files included; the rank of a target is its first hit; each
 * target gains 1 at its rank; the ideal fills the first min(10, n) positions.
 */
export function queryNdcg(results: readonly ResultSpan[], targets: readonly Target[]): number {
  const first = results.slice(0, 10);
  const ranks = targets.map((target) => first.findIndex((result) => hits(result, target))).filter((rank) => rank >= 0);
  return ndcg(ranks, targets.length, 10);
}

/** Name of the repository an annotation file stands for. */
export function repoNameOf(file: string): string {
  return path.basename(file, '.json');
}
