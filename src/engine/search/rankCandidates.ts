import type { RankCandidate } from './gatherCandidates.ts';
import type { SignalWeights } from './rankingWeights.ts';
import { signalNames } from './rankingWeights.ts';
import type { SignalledCandidate } from './signals.ts';

export interface RankedCandidate {
  readonly candidate: RankCandidate;
  readonly score: number;
  /** Contribution of each signal that had one; they sum to `score`. */
  readonly contributions: Readonly<Record<string, number>>;
}

interface Scored {
  readonly candidate: RankCandidate;
  readonly base: number;
  readonly contributions: Record<string, number>;
}

function scored({ candidate, signals }: SignalledCandidate, weights: SignalWeights): Scored {
  const contributions: Record<string, number> = {};
  let base = 0;
  for (const name of signalNames) {
    const value = (signals[name] ?? 0) * weights[name];
    if (value === 0) continue;
    contributions[name] = value;
    base += value;
  }
  return { candidate, base, contributions };
}

function placeKey({ root, head }: RankCandidate): string {
  return `${root}\n${head.path}`;
}

function compare(left: Scored, right: Scored): number {
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
  const ordered = candidates.map((candidate) => scored(candidate, weights)).sort(compare);
  const seen = new Map<string, number>();
  const ranked = ordered.map(({ candidate, base, contributions }): RankedCandidate => {
    const key = placeKey(candidate);
    const before = seen.get(key) ?? 0;
    seen.set(key, before + 1);
    const lost = before === 0 || base <= 0 ? 0 : base * (repeatDecay ** before - 1);
    if (lost === 0) return { candidate, score: base, contributions };
    return { candidate, score: base + lost, contributions: { ...contributions, repeat: lost } };
  });
  return ranked.sort((left, right) => right.score - left.score);
}
