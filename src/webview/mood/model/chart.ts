import type { MoodCounts, MoodPeriod } from '../../../shared/mood.ts';
import type { PickedPeriod } from './state.ts';

/** One bar: a period, or several that lie side by side where there are too many to draw. */
export interface Bar extends PickedPeriod {
  readonly counts: MoodCounts;
}

/** Bars that a narrow side bar can still show and a pointer hit. */
const mostBars = 80;
const forever = 253_402_300_799;

export function totalOf({ negative, neutral, positive }: MoodCounts): number {
  return negative + neutral + positive;
}

export function shareOf(counts: MoodCounts, label: keyof MoodCounts): number {
  const total = totalOf(counts);
  return total === 0 ? 0 : counts[label] / total;
}

/** Bars for the periods, neighbours joined until they fit. The last one has no end: what comes now belongs to it. */
export function barsOf(timeline: readonly MoodPeriod[], unreleased: string): Bar[] {
  const size = Math.max(1, Math.ceil(timeline.length / mostBars));
  const bars: Bar[] = [];
  for (let start = 0; start < timeline.length; start += size) {
    const group = timeline.slice(start, start + size);
    const [first, last] = [group[0]!, group.at(-1)!];
    const names = [first, last].map(({ name }) => (name === '' ? unreleased : name));
    bars.push({
      name: first === last ? names[0]! : names.join(' – '),
      since: first.start,
      until: (timeline[start + size]?.start ?? forever) - 1,
      counts: group.reduce((sum, { counts }) => added(sum, counts), { negative: 0, neutral: 0, positive: 0 }),
    });
  }
  return bars;
}

function added(a: MoodCounts, b: MoodCounts): MoodCounts {
  return { negative: a.negative + b.negative, neutral: a.neutral + b.neutral, positive: a.positive + b.positive };
}

/** The share at which a bar reaches the edge: the greatest there is, a tenth at least, so that noise does not look like news. */
export function scaleOf(bars: readonly Bar[]): number {
  const shares = bars.flatMap(({ counts }) => [shareOf(counts, 'negative'), shareOf(counts, 'positive')]);
  return Math.max(0.1, ...shares);
}
