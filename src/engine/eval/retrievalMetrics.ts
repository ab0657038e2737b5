/** Averages over the queries that have at least one relevant document, as trec_eval defines the measures. */
export interface RetrievalMetrics {
  readonly ndcg10: number;
  readonly mrr10: number;
  readonly recall10: number;
  readonly recall100: number;
}

function discount(position: number): number {
  return 1 / Math.log2(position + 2);
}

/** DCG of the best ranking: the first `count` positions filled. */
export function idealGain(count: number): number {
  let sum = 0;
  for (let position = 0; position < count; position++) sum += discount(position);
  return sum;
}

/** NDCG with binary gains; `hits` are the 0-based positions of relevant results within the cut, each once. */
export function ndcg(hits: Iterable<number>, relevant: number, cut: number): number {
  let gain = 0;
  for (const position of hits) if (position < cut) gain += discount(position);
  return relevant === 0 ? 0 : gain / idealGain(Math.min(cut, relevant));
}

function recall(hits: readonly number[], relevant: number, cut: number): number {
  return hits.filter((position) => position < cut).length / relevant;
}

export function mean(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** The lower median; 0 without values. */
export function median(values: readonly number[]): number {
  return values.toSorted((left, right) => left - right)[Math.floor((values.length - 1) / 2)] ?? 0;
}

/** Measures rankings (best first) of documents against the relevant ones of each query. */
export function retrievalMetrics(
  runs: Iterable<{ readonly ranking: readonly string[]; readonly relevant: ReadonlySet<string> }>,
): RetrievalMetrics {
  const scores = { ndcg10: [] as number[], mrr10: [] as number[], recall10: [] as number[], recall100: [] as number[] };
  for (const { ranking, relevant } of runs) {
    if (relevant.size === 0) continue;
    const hits = ranking.flatMap((document, position) => (relevant.has(document) ? [position] : []));
    const first = hits[0];
    scores.ndcg10.push(ndcg(hits, relevant.size, 10));
    scores.mrr10.push(first === undefined || first >= 10 ? 0 : 1 / (first + 1));
    scores.recall10.push(recall(hits, relevant.size, 10));
    scores.recall100.push(recall(hits, relevant.size, 100));
  }
  return {
    ndcg10: mean(scores.ndcg10),
    mrr10: mean(scores.mrr10),
    recall10: mean(scores.recall10),
    recall100: mean(scores.recall100),
  };
}
