import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Encoder } from '../../runtime/encoder.ts';
import { dot } from '../../search/vectors.ts';

const textsAtOnce = 512;

export interface EmbedAllOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onShare?: (share: number) => void;
}

/** Vectors of many texts, in their order; texts of like length are encoded together. */
export async function embedAll(
  encoder: Encoder,
  texts: readonly string[],
  kind: 'query' | 'document',
  { signal, onShare }: EmbedAllOptions = {},
): Promise<Float32Array[]> {
  const order = Array.from(texts.keys()).sort((left, right) => texts[left]!.length - texts[right]!.length);
  const vectors = new Array<Float32Array>(texts.length);
  for (let start = 0; start < order.length; start += textsAtOnce) {
    const part = order.slice(start, start + textsAtOnce);
    const { embeddings } = await encoder.embed(
      part.map((index) => texts[index]!),
      kind,
      signal === undefined ? {} : { signal },
    );
    for (const [at, index] of part.entries()) vectors[index] = embeddings[at]!;
    onShare?.(Math.min(1, (start + part.length) / order.length));
  }
  return vectors;
}

export interface Ranked {
  readonly index: number;
  readonly score: number;
}

/** The `count` documents with the highest cosine to the query, best first; vectors have unit length. */
export function nearest(query: Float32Array, documents: readonly Float32Array[], count: number): Ranked[] {
  const best: Ranked[] = [];
  let worst = -Infinity;
  for (const [index, document] of documents.entries()) {
    const score = dot(query, document);
    if (best.length >= count && score <= worst) continue;
    let at = best.length;
    while (at > 0 && best[at - 1]!.score < score) at -= 1;
    best.splice(at, 0, { index, score });
    if (best.length > count) best.pop();
    worst = best.at(-1)!.score;
  }
  return best;
}

/** {@link nearest} for many queries; other work gets its turn in between. @throws the signal's reason when cancelled. */
export async function rankAll(
  queries: readonly Float32Array[],
  documents: readonly Float32Array[],
  count: number,
  signal?: AbortSignal,
): Promise<Ranked[][]> {
  const rankings: Ranked[][] = [];
  for (const query of queries) {
    rankings.push(nearest(query, documents, count));
    await nextTurn();
    signal?.throwIfAborted();
  }
  return rankings;
}
