import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import * as z from 'zod/mini';
import { SextantError } from '../../../shared/errors.ts';
import { mean, retrievalMetrics } from '../../eval/retrievalMetrics.ts';
import { packageRoot } from '../../paths.ts';
import type { Encoder } from '../../runtime/encoder.ts';
import { embedAll, rankAll } from './denseRanking.ts';

const guardSchema = z.object({
  /** Texts as the index would embed them. */
  documents: z.array(z.string()),
  /** `answer`: index into the documents. */
  queries: z.array(z.object({ query: z.string(), answer: z.int() })),
});
export type GuardSet = z.infer<typeof guardSchema>;

const guardFile = path.join(packageRoot, 'media', 'guard', 'guard.json.gz');

/**
 * General questions with their answers, mined from permissively licensed packages by `scripts/guard`: what a model knew before it
 * was fine-tuned it must know afterwards.
 */
export async function readGuardSet(file = guardFile): Promise<GuardSet> {
  try {
    const text = await promisify(gunzip)(await readFile(file));
    return guardSchema.parse(JSON.parse(text.toString('utf8')));
  } catch (cause) {
    throw new SextantError('internal', 'The guard set that ships with Sextant cannot be read.', {
      hint: 'Install the extension again.',
      cause,
    });
  }
}

/** nDCG@10 over the guard set, the model alone at work. */
export async function guardScore(encoder: Encoder, guard: GuardSet, signal?: AbortSignal): Promise<number> {
  const documents = await embedAll(encoder, guard.documents, 'document', { signal });
  const queries = await embedAll(
    encoder,
    guard.queries.map(({ query }) => query),
    'query',
    { signal },
  );
  const rankings = await rankAll(queries, documents, 10, signal);
  return mean(
    rankings.map((ranking, at) => {
      const relevant = new Set([String(guard.queries[at]!.answer)]);
      return retrievalMetrics([{ ranking: ranking.map(({ index }) => String(index)), relevant }]).ndcg10;
    }),
  );
}
