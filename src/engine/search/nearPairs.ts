import { setImmediate as nextTurn } from 'node:timers/promises';
import { dot } from './vectors.ts';

export interface NearPair {
  readonly left: number;
  readonly right: number;
  readonly cosine: number;
}

/** Up to this many embeddings every pair is looked at; above, only pairs that share a band of their sign bits. */
const mostForAllPairs = 3000;
/** Bits of a band: wide bands miss pairs, narrow ones compare everything (Indyk and Motwani 1998, sign projections). */
const bandBits = 12;
/** Pairs of one bucket are bounded, or thousands of copies of one text would cost their square. */
const mostInBucket = 600;
/** A low threshold would pair everything with everything; what is found by then is enough to look at. */
const mostPairs = 1_000_000;
/** How much work is done before the event loop gets its turn. */
const pairsPerTurn = 200_000;

/** Signs are taken around the mean: embeddings of one model share a direction that would give all the same bits. */
function meanOf(embeddings: readonly Float32Array[]): Float32Array {
  const mean = new Float32Array(embeddings[0]?.length ?? 0);
  for (const embedding of embeddings) {
    for (let index = 0; index < mean.length; index++) mean[index]! += embedding[index]! / embeddings.length;
  }
  return mean;
}

function bandOf(embedding: Float32Array, mean: Float32Array, start: number): number {
  let bits = 0;
  for (let bit = 0; bit < bandBits; bit++) {
    if (embedding[start + bit]! > mean[start + bit]!) bits |= 1 << bit;
  }
  return bits;
}

function* allPairs(count: number): Generator<[number, number]> {
  for (let left = 0; left < count; left++) {
    for (let right = left + 1; right < count; right++) yield [left, right];
  }
}

function* bandPairs(embeddings: readonly Float32Array[]): Generator<[number, number]> {
  const mean = meanOf(embeddings);
  for (let start = 0; start + bandBits <= mean.length; start += bandBits) {
    const buckets = Map.groupBy(embeddings.keys(), (index) => bandOf(embeddings[index]!, mean, start));
    for (const bucket of buckets.values()) {
      const members = bucket.slice(0, mostInBucket);
      for (const [at, right] of allPairs(members.length)) yield [members[at]!, members[right]!];
    }
  }
}

/** Pairs with a cosine of at least `threshold`, each once, `left < right`; `embeddings` are L2-normalised. */
export async function nearPairs(
  embeddings: readonly Float32Array[],
  threshold: number,
  signal: AbortSignal,
): Promise<NearPair[]> {
  const few = embeddings.length <= mostForAllPairs;
  const found = new Map<number, NearPair>();
  let looked = 0;
  for (const [left, right] of few ? allPairs(embeddings.length) : bandPairs(embeddings)) {
    if (++looked % pairsPerTurn === 0) {
      await nextTurn();
      signal.throwIfAborted();
    }
    const cosine = dot(embeddings[left]!, embeddings[right]!);
    if (found.size >= mostPairs) break;
    if (cosine >= threshold) found.set(left * embeddings.length + right, { left, right, cosine });
  }
  return [...found.values()];
}
