import type { MoodCounts, MoodPeriod, MoodPeriodKind } from '../../shared/mood.ts';
import type { MoodLabel } from '../../shared/sentiment.ts';
import type { Tag } from '../git/repositories.ts';

const daySeconds = 86_400;
const weekSeconds = 7 * daySeconds;
/** 1 January 1970 was a Thursday: weeks begin three days before it. */
const firstMonday = -3 * daySeconds;
/** Empty weeks and months between the first and the last item are shown, within reason: a wrong clock makes thousands. */
const mostPeriods = 2000;

export type MutableCounts = { -readonly [K in keyof MoodCounts]: MoodCounts[K] };

export function emptyCounts(): MutableCounts {
  return { negative: 0, neutral: 0, positive: 0 };
}

interface Judged {
  /** Unix seconds. */
  readonly at: number;
  readonly label: MoodLabel;
}

/** ISO 8601 week: it belongs to the year that its Thursday is in. */
function weekName(start: number): string {
  const thursday = new Date((start + 3 * daySeconds) * 1000);
  const year = thursday.getUTCFullYear();
  const week = 1 + Math.floor((thursday.getTime() / 1000 - Date.UTC(year, 0, 1) / 1000) / weekSeconds);
  return `${year}-W${String(week).padStart(2, '0')}`;
}

function weekStart(at: number): number {
  return firstMonday + Math.floor((at - firstMonday) / weekSeconds) * weekSeconds;
}

function monthStart(at: number): number {
  const date = new Date(at * 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) / 1000;
}

function nextMonth(start: number): number {
  const date = new Date(start * 1000);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1) / 1000;
}

const calendars = {
  week: { startOf: weekStart, next: (start: number) => start + weekSeconds, name: weekName },
  month: {
    startOf: monthStart,
    next: nextMonth,
    name: (start: number) => new Date(start * 1000).toISOString().slice(0, 7),
  },
} as const;

function byCalendar(items: readonly Judged[], kind: 'week' | 'month'): MoodPeriod[] {
  const { startOf, next, name } = calendars[kind];
  const counts = new Map<number, MutableCounts>();
  for (const { at, label } of items) {
    const start = startOf(at);
    let bucket = counts.get(start);
    if (bucket === undefined) counts.set(start, (bucket = emptyCounts()));
    bucket[label] += 1;
  }
  const starts = [...counts.keys()].sort((a, b) => a - b);
  const last = starts.at(-1);
  if (last === undefined) return [];
  const periods: MoodPeriod[] = [];
  for (let start = starts[0]!; start <= last && periods.length < mostPeriods; start = next(start)) {
    periods.push({ name: name(start), start, counts: counts.get(start) ?? emptyCounts() });
  }
  if (periods.at(-1)?.start === last) return periods;
  return starts.slice(-mostPeriods).map((start) => ({ name: name(start), start, counts: counts.get(start)! }));
}

/** What went into each tag since the one before it; what no tag has yet comes last, without a name. */
function byRelease(items: readonly Judged[], tags: readonly Tag[]): MoodPeriod[] {
  const ends = [...tags].sort((a, b) => a.at - b.at);
  const counts = [...ends.map(() => emptyCounts()), emptyCounts()];
  for (const { at, label } of items) {
    // The first tag at or after the item.
    let low = 0;
    let high = ends.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (ends[middle]!.at < at) low = middle + 1;
      else high = middle;
    }
    counts[low]![label] += 1;
  }
  const earliest = items.reduce((least, { at }) => Math.min(least, at), Infinity);
  return counts
    .map((count, index) => ({
      name: ends[index]?.name ?? '',
      start: ends[index - 1]?.at ?? Math.min(earliest, ends[0]?.at ?? earliest),
      counts: count,
    }))
    .filter((period) => period.counts.negative + period.counts.neutral + period.counts.positive > 0);
}

/** Items by period, the oldest first. Weeks are those of ISO 8601, all times UTC. */
export function moodTimeline(items: readonly Judged[], by: MoodPeriodKind, tags: readonly Tag[]): MoodPeriod[] {
  return by === 'release' ? byRelease(items, tags) : byCalendar(items, by);
}
