import type { MovedQuery, PairSource, QueryPair, RetrievalScores } from '../../../shared/finetune.ts';
import { mean, retrievalMetrics } from '../../eval/retrievalMetrics.ts';
import type { Encoder } from '../../runtime/encoder.ts';
import { queryKey } from '../pairs/refinePairs.ts';
import { placeKey, type CorpusEntry } from './corpus.ts';
import { embedAll, rankAll, type EmbedAllOptions } from './denseRanking.ts';

/** A question with all its answers. */
export interface JudgedQuery {
  readonly query: string;
  readonly source: PairSource;
  /** Keys of {@link placeKey}; of files for commits and issues, which say nothing of lines. */
  readonly relevant: ReadonlySet<string>;
  readonly first: { readonly path: string; readonly startLine: number; readonly endLine: number };
}

export interface JudgedOutcome extends RetrievalScores {
  readonly query: JudgedQuery;
  readonly rank: number | null;
}

const depth = 100;
const byFile: ReadonlySet<PairSource> = new Set(['commit', 'issue']);

/** Pairs that ask the same are one query with several answers. */
export function judgedQueries(pairs: readonly QueryPair[]): JudgedQuery[] {
  const groups = Map.groupBy(pairs, ({ source, query }) => `${source} ${queryKey(query)}`);
  return [...groups.values()].map((group): JudgedQuery => {
    const first = group[0]!;
    const keyOf = (pair: QueryPair): string => (byFile.has(pair.source) ? pair.path : placeKey(pair));
    return { query: first.query, source: first.source, relevant: new Set(group.map(keyOf)), first };
  });
}

function outcome(query: JudgedQuery, entries: readonly CorpusEntry[]): JudgedOutcome {
  const keys = entries.map((entry) => (byFile.has(query.source) ? entry.path : placeKey(entry)));
  // A file stands where its best chunk does.
  const ranking = keys.map((key, position) => (keys.indexOf(key) === position ? key : `repeated ${position}`));
  const { ndcg10, mrr10, recall10 } = retrievalMetrics([{ ranking, relevant: query.relevant }]);
  const at = ranking.findIndex((key) => query.relevant.has(key));
  return { query, ndcg10, mrr10, recall10, rank: at === -1 ? null : at + 1 };
}

/** Ranks the whole corpus by its cosine to each query, the model alone at work. @throws the signal's reason when cancelled. */
export async function evaluatePairs(
  encoder: Encoder,
  queries: readonly JudgedQuery[],
  corpus: readonly CorpusEntry[],
  options: EmbedAllOptions = {},
): Promise<JudgedOutcome[]> {
  const [outcomes] = await evaluateLeading(encoder, queries, corpus, [encoder.dimension], options);
  return outcomes!;
}

/** The same by the leading columns of the embeddings alone, for each of the dimensions; texts are embedded once. */
export async function evaluateLeading(
  encoder: Encoder,
  queries: readonly JudgedQuery[],
  corpus: readonly CorpusEntry[],
  dimensions: readonly number[],
  options: EmbedAllOptions = {},
): Promise<JudgedOutcome[][]> {
  const documents = await embedAll(
    encoder,
    corpus.map(({ text }) => text),
    'document',
    options,
  );
  const asked = await embedAll(
    encoder,
    queries.map(({ query }) => query),
    'query',
    { signal: options.signal },
  );
  const results: JudgedOutcome[][] = [];
  for (const dimension of dimensions) {
    const rankings = await rankAll(leading(asked, dimension), leading(documents, dimension), depth, options.signal);
    results.push(
      rankings.map((ranking, at) =>
        outcome(
          queries[at]!,
          ranking.map(({ index }) => corpus[index]!),
        ),
      ),
    );
  }
  return results;
}

/** Leading columns, scaled to length 1. */
function leading(vectors: readonly Float32Array[], dimension: number): readonly Float32Array[] {
  if (vectors.every(({ length }) => length <= dimension)) return vectors;
  return vectors.map((vector) => {
    const columns = vector.subarray(0, dimension);
    const length = Math.sqrt(columns.reduce((sum, value) => sum + value * value, 0)) || 1;
    return columns.map((value) => value / length);
  });
}

export function meanOf(outcomes: readonly RetrievalScores[]): RetrievalScores {
  return {
    mrr10: mean(outcomes.map(({ mrr10 }) => mrr10)),
    ndcg10: mean(outcomes.map(({ ndcg10 }) => ndcg10)),
    recall10: mean(outcomes.map(({ recall10 }) => recall10)),
  };
}

/** The queries whose answer moved most, by the reciprocal of its place; both lists are of the same queries in the same order. */
export function movedQueries(
  before: readonly JudgedOutcome[],
  after: readonly JudgedOutcome[],
  most: number,
): MovedQuery[] {
  const worth = (rank: number | null): number => (rank === null ? 0 : 1 / rank);
  return before
    .map(({ query, rank }, index) => ({ query, before: rank, after: after[index]!.rank }))
    .filter((item) => item.before !== item.after)
    .sort((a, b) => Math.abs(worth(b.after) - worth(b.before)) - Math.abs(worth(a.after) - worth(a.before)))
    .slice(0, most)
    .map(({ query: { query, source, first }, before: was, after: is }) => {
      const { path, startLine, endLine } = first;
      return { query, source, path, startLine, endLine, before: was, after: is };
    });
}
