import type { FinetuneSettings, QueryPair } from '../../shared/finetune.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { dot } from '../search/vectors.ts';
import { placeKey, type CorpusEntry } from './evaluate/corpus.ts';
import { embedAll, rankAll, type Ranked } from './evaluate/denseRanking.ts';
import { queryKey } from './pairs/refinePairs.ts';
import type { TrainingPair } from './training/trainingTypes.ts';

/** Negatives are taken from the first so many documents that are no answer. */
const poolSize = 30;
/** A document this close to the answer is a copy of it. */
const copyCosine = 0.95;
/** The sample among which the present model must find an answer. */
const consistencySample = 100;

export interface MinedNegatives {
  readonly pairs: TrainingPair[];
  /** Pairs that the present model cannot relate at all. */
  readonly inconsistent: number;
}

interface Query {
  readonly pair: QueryPair;
  readonly vector: Float32Array;
  readonly answer: Float32Array;
}

/** 0-based place of the answer among evenly chosen documents of the corpus. */
function placeInSample({ vector, answer }: Query, documents: readonly Float32Array[]): number {
  const score = dot(vector, answer);
  const stride = Math.max(1, Math.floor(documents.length / consistencySample));
  let better = 0;
  for (let index = 0; index < documents.length; index += stride)
    if (dot(vector, documents[index]!) > score) better += 1;
  return documents.length < consistencySample ? (better * consistencySample) / Math.max(1, documents.length) : better;
}

/**
 * Gives each training pair the texts that the present model takes for its answer and that are none, evenly from the best
 * {@link poolSize}; and leaves out pairs that the model cannot relate at all.
 * @throws the signal's reason when cancelled.
 */
export async function mineNegatives(
  pairs: readonly QueryPair[],
  corpus: readonly CorpusEntry[],
  encoder: Encoder,
  settings: Pick<FinetuneSettings, 'negatives' | 'guideNegatives' | 'consistency'>,
  signal: AbortSignal,
): Promise<MinedNegatives> {
  const options = { signal };
  const documents = await embedAll(
    encoder,
    corpus.map(({ text }) => text),
    'document',
    options,
  );
  const vectors = await embedAll(
    encoder,
    pairs.map(({ query }) => query),
    'query',
    options,
  );
  const answers = await embedAll(
    encoder,
    pairs.map(({ context }) => context),
    'document',
    options,
  );
  const queries = pairs.map((pair, index): Query => ({ pair, vector: vectors[index]!, answer: answers[index]! }));
  const consistent = queries.filter((query) => placeInSample(query, documents) < settings.consistency);
  const rankings: readonly Ranked[][] =
    settings.negatives === 0
      ? []
      : await rankAll(
          consistent.map(({ vector }) => vector),
          documents,
          poolSize + 10,
          signal,
        );
  const places = Map.groupBy(pairs, ({ query }) => queryKey(query));
  const trained = consistent.map((query, at): TrainingPair => {
    const { pair } = query;
    const own = new Set(places.get(queryKey(pair.query))!.map(placeKey));
    const wrong = (rankings[at] ?? []).filter(({ index, score }) => {
      if (own.has(placeKey(corpus[index]!)) || dot(query.answer, documents[index]!) > copyCosine) return false;
      return !settings.guideNegatives || score <= dot(query.vector, query.answer);
    });
    const pool = wrong.slice(0, poolSize);
    const chosen = Array.from({ length: Math.min(settings.negatives, pool.length) }, (_, i) => {
      const place = Math.floor((i * pool.length) / settings.negatives);
      return corpus[pool[place]!.index]!.text;
    });
    return { query: pair.query, document: pair.context, ...(chosen.length === 0 ? {} : { negatives: chosen }) };
  });
  return { pairs: trained, inconsistent: pairs.length - consistent.length };
}
