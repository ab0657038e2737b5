import type { RankCandidate } from './gatherCandidates.ts';
import type { SignalWeights } from './rankingWeights.ts';
import { signalNames } from './rankingWeights.ts';
import type { SignalledCandidate, Signals } from './signals.ts';

export interface RankedCandidate {
  readonly candidate: RankCandidate;
  readonly score: number;
  /** Contribution of each signal that had one; they sum to `score`. */
  readonly contributions: Readonly<Record<string, number>>;
}

/** A candidate in its place; what each signal contributed is only worked out for those that are shown. */
class Ranked implements RankedCandidate {
  readonly candidate: RankCandidate;
  readonly file: number;
  readonly base: number;
  readonly #signals: Signals;
  readonly #weights: SignalWeights;
  /** What is lost to better chunks of the same file, 0 or less. */
  lost = 0;

  constructor({ candidate, file, signals }: SignalledCandidate, weights: SignalWeights) {
    this.candidate = candidate;
    this.file = file;
    this.#signals = signals;
    this.#weights = weights;
    let base = 0;
    for (const name of signalNames) base += signals[name] * weights[name];
    this.base = base;
  }

  get score(): number {
    return this.base + this.lost;
  }

  get contributions(): Readonly<Record<string, number>> {
    const contributions: Record<string, number> = {};
    for (const name of signalNames) {
      const value = this.#signals[name] * this.#weights[name];
      if (value !== 0) contributions[name] = value;
    }
    if (this.lost !== 0) contributions['repeat'] = this.lost;
    return contributions;
  }
}

function compare(left: Ranked, right: Ranked): number {
  if (left.base !== right.base) return right.base - left.base;
  if (left.candidate.head.path !== right.candidate.head.path)
    return left.candidate.head.path < right.candidate.head.path ? -1 : 1;
  return left.candidate.head.startLine - right.candidate.head.startLine;
}

/**
 * Orders candidates by the weighted sum of their signals. A file has one place among the best: each further chunk of it
 * keeps only `repeatDecay` of the score, shown as the contribution `repeat`.
 */
export function rankCandidates(
  candidates: readonly SignalledCandidate[],
  weights: SignalWeights,
  repeatDecay: number,
): RankedCandidate[] {
  const ranked = candidates.map((candidate) => new Ranked(candidate, weights)).sort(compare);
  const seen: number[] = [];
  for (const item of ranked) {
    const before = seen[item.file] ?? 0;
    seen[item.file] = before + 1;
    if (before > 0 && item.base > 0) item.lost = item.base * (repeatDecay ** before - 1);
  }
  return ranked.sort((left, right) => right.score - left.score);
}
