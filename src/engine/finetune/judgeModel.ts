import type { BeforeAndAfter, FinetuneResult, PairSource, RetrievalScores, Verdict } from '../../shared/finetune.ts';
import { meanOf, movedQueries, type JudgedOutcome } from './evaluate/evaluatePairs.ts';

/** What the guard set may lose, in nDCG@10. */
export const guardTolerance = 0.01;
/** Hybrid search may lose so much by chance while the model itself gains. */
const searchTolerance = 0.005;
const mostMoved = 12;

export interface Evidence {
  readonly before: readonly JudgedOutcome[];
  readonly after: readonly JudgedOutcome[];
  readonly search: BeforeAndAfter;
  readonly guard: BeforeAndAfter<number>;
  readonly crossValidated: boolean;
  /** The same queries by leading columns alone. */
  readonly leading?: readonly ({ readonly dimension: number } & BeforeAndAfter<readonly JudgedOutcome[]>)[];
}

/** Mean and standard error of the differences, query by query. */
function pairedDifference(before: readonly RetrievalScores[], after: readonly RetrievalScores[]) {
  const differences = before.map(({ ndcg10 }, index) => after[index]!.ndcg10 - ndcg10);
  const count = differences.length;
  const mean = differences.reduce((sum, value) => sum + value, 0) / Math.max(1, count);
  const variance = differences.reduce((sum, value) => sum + (value - mean) ** 2, 0) / Math.max(1, count - 1);
  return { mean, error: Math.sqrt(variance / Math.max(1, count)) };
}

function points(value: number): string {
  return `${value >= 0 ? '+' : '−'}${Math.abs(100 * value).toFixed(1)} points`;
}

function verdictOf({ before, after, search, guard }: Evidence): { readonly verdict: Verdict; readonly reason: string } {
  const { mean, error } = pairedDifference(before, after);
  const onHeld = `${points(mean)} of nDCG@10 on ${before.length} held-out queries`;
  if (guard.after < guard.before - guardTolerance) {
    const lost = points(guard.after - guard.before);
    return {
      verdict: 'guard_dropped',
      reason: `Kept the old model: on general queries the new one is worse (${lost}), although it has ${onHeld}.`,
    };
  }
  if (mean < -error) return { verdict: 'not_better', reason: `Kept the old model: the new one has ${onHeld}.` };
  if (mean <= error) {
    return {
      verdict: 'not_better',
      reason: `Kept the old model: ${onHeld} is no more than chance (±${(100 * error).toFixed(1)}).`,
    };
  }
  const gained = search.after.ndcg10 - search.before.ndcg10;
  if (gained < -searchTolerance) {
    return {
      verdict: 'not_better',
      reason: `Kept the old model: ${onHeld}, but hybrid search is worse (${points(gained)}).`,
    };
  }
  return {
    verdict: 'better',
    reason: `Better: ${onHeld} (±${(100 * error).toFixed(1)}), hybrid search ${points(gained)}.`,
  };
}

function bySource({ before, after }: Evidence): FinetuneResult['bySource'] {
  const sources = [...new Set(before.map(({ query }) => query.source))];
  const of = (outcomes: readonly JudgedOutcome[], source: PairSource) =>
    outcomes.filter(({ query }) => query.source === source);
  return sources.map((source) => ({
    source,
    queries: of(before, source).length,
    before: meanOf(of(before, source)),
    after: meanOf(of(after, source)),
  }));
}

/** Weighs what was measured: a model is better when it gains more than chance would, and loses neither generality nor search. */
export function judgeModel(evidence: Evidence): FinetuneResult {
  const { before, after, search, guard, crossValidated, leading = [] } = evidence;
  return {
    before: meanOf(before),
    after: meanOf(after),
    search,
    guard,
    bySource: bySource(evidence),
    leading: leading.map((part) => ({ ...part, before: meanOf(part.before), after: meanOf(part.after) })),
    queries: before.length,
    moved: movedQueries(before, after, mostMoved),
    ...verdictOf(evidence),
    crossValidated,
  };
}
