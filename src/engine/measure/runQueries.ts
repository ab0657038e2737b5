import type { SearchMode, SearchResult } from '../../shared/search.ts';
import type { MeasureScores } from '../../shared/measure.ts';
import { mean, retrievalMetrics } from '../eval/retrievalMetrics.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { SearchEngine } from '../search/searchEngine.ts';
import type { SearchIndex } from '../store/searchIndex.ts';
import type { AnswerPlace, HeldOutQuery } from './heldOutQueries.ts';

/** How deep rankings are looked at. */
const depth = 50;

export interface QueryOutcome extends MeasureScores {
  readonly query: HeldOutQuery;
  /** 1-based place of the first right result; null where it is not among the first {@link depth}. */
  readonly rank: number | null;
}

export interface RunQueriesOptions {
  readonly index: SearchIndex;
  readonly encoder: Encoder | undefined;
  readonly mode: SearchMode;
  readonly signal: AbortSignal;
  readonly onQuery?: () => void;
}

function answers(place: AnswerPlace, result: SearchResult): boolean {
  if (place.path !== result.path) return false;
  return place.wholeFile || (result.startLine <= place.endLine && place.startLine <= result.endLine);
}

/** A result counts for each place once; what is no answer has a name of its own. */
function rankingOf(results: readonly SearchResult[], query: HeldOutQuery): string[] {
  const open = new Set(query.answers.keys());
  return results.map((result, position) => {
    const found = [...open].find((index) => answers(query.answers[index]!, result));
    if (found === undefined) return `other ${position}`;
    open.delete(found);
    return `answer ${found}`;
  });
}

function outcomeOf(results: readonly SearchResult[], query: HeldOutQuery): QueryOutcome {
  const isOrigin = ({ path, startLine }: SearchResult): boolean =>
    query.origins.some((origin) => origin.path === path && origin.startLine === startLine);
  const ranking = rankingOf(
    results.filter((result) => !isOrigin(result)),
    query,
  );
  const relevant = new Set(Array.from(query.answers.keys(), (index) => `answer ${index}`));
  const { ndcg10, mrr10, recall10 } = retrievalMetrics([{ ranking, relevant }]);
  const first = ranking.findIndex((name) => relevant.has(name));
  return { query, ndcg10, mrr10, recall10, rank: first === -1 ? null : first + 1 };
}

/** Searches as the panel does, query by query. @throws the signal's reason when cancelled. */
export async function runQueries(
  queries: readonly HeldOutQuery[],
  { index, encoder, mode, signal, onQuery }: RunQueriesOptions,
): Promise<QueryOutcome[]> {
  const engine = new SearchEngine();
  const roots = [{ root: 'measured', index }];
  const outcomes: QueryOutcome[] = [];
  for (const query of queries) {
    const limit = depth + query.origins.length;
    const response = await engine.search(roots, encoder, { query: query.query, mode, limit, filters: {} }, signal);
    outcomes.push(outcomeOf(response.results, query));
    onQuery?.();
  }
  return outcomes;
}

export function meanScores(outcomes: readonly MeasureScores[]): MeasureScores {
  return {
    ndcg10: mean(outcomes.map(({ ndcg10 }) => ndcg10)),
    mrr10: mean(outcomes.map(({ mrr10 }) => mrr10)),
    recall10: mean(outcomes.map(({ recall10 }) => recall10)),
  };
}
