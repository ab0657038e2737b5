import type { SerializedError } from '../../../shared/errors.ts';
import type { HistoryKind } from '../../../shared/history.ts';
import { moodPeriods, type MoodPeriodKind, type MoodReport, type MoodRequest } from '../../../shared/mood.ts';
import type { MoodProgress } from '../../../shared/moodPanel.ts';
import type { PanelBlocker } from '../../../shared/panelProtocol.ts';
import type { MoodExplanation } from '../../../shared/sentiment.ts';

export const sourceChoices = ['commits', 'issues', 'all'] as const;
export type SourceChoice = (typeof sourceChoices)[number];

export const rangeChoices = ['month', 'quarter', 'year', 'all'] as const;
export type RangeChoice = (typeof rangeChoices)[number];

/** Stretch of time that the user picked in the chart. Unix seconds, inclusive. */
export interface PickedPeriod {
  readonly name: string;
  readonly since: number;
  readonly until: number;
}

/** What the user asks to see; kept while the view is hidden. */
export interface MoodQuery {
  readonly sources: SourceChoice;
  readonly by: MoodPeriodKind;
  readonly range: RangeChoice;
  readonly period: PickedPeriod | null;
  /** Globs, separated by commas. */
  readonly paths: string;
  readonly folder: string;
  readonly label: string;
  readonly author: string;
  readonly byAuthor: boolean;
}

export interface MoodState {
  readonly query: MoodQuery;
  /** Number of the last request; answers to others are dropped. */
  readonly asked: number;
  readonly answered: number;
  readonly report: MoodReport | null;
  readonly error: SerializedError | null;
  readonly progress: MoodProgress;
  readonly blocker: PanelBlocker | null;
  /** By {@link itemKey}. */
  readonly explained: ReadonlyMap<string, MoodExplanation>;
  /** The item whose words are shown, and the one that is being corrected. */
  readonly open: string | null;
  readonly correcting: string | null;
}

export const initialQuery: MoodQuery = {
  sources: 'commits',
  by: 'week',
  range: 'year',
  period: null,
  paths: '',
  folder: '',
  label: '',
  author: '',
  byAuthor: false,
};

export const initialState: MoodState = {
  query: initialQuery,
  asked: 0,
  answered: 0,
  report: null,
  error: null,
  progress: { phase: 'idle', classified: 0, items: 0 },
  blocker: null,
  explained: new Map(),
  open: null,
  correcting: null,
};

export function itemKey({ root, id }: { readonly root: string; readonly id: number }): string {
  return `${id} ${root}`;
}

const kindsOf: Readonly<Record<SourceChoice, readonly HistoryKind[]>> = {
  commits: ['commit'],
  issues: ['issue', 'pullRequest', 'comment'],
  all: ['commit', 'issue', 'pullRequest', 'comment'],
};

const rangeDays: Readonly<Record<Exclude<RangeChoice, 'all'>, number>> = { month: 31, quarter: 92, year: 366 };
const listed = 15;

/** The request for a query. `now` in Unix seconds. */
export function requestOf(query: MoodQuery, now: number): MoodRequest {
  const { sources, by, range, period, paths, folder, label, author, byAuthor } = query;
  const globs = paths
    .split(',')
    .map((glob) => glob.trim())
    .filter(Boolean);
  const since = period?.since ?? (range === 'all' ? undefined : Math.floor(now - rangeDays[range] * 86_400));
  return {
    kinds: [...kindsOf[sources]],
    by,
    folder,
    listed,
    byAuthor,
    ...(since === undefined ? {} : { since }),
    ...(period === null ? {} : { until: period.until }),
    ...(globs.length === 0 ? {} : { paths: globs }),
    ...(label === '' ? {} : { labels: [label] }),
    ...(author === '' || !byAuthor ? {} : { authors: [author] }),
  };
}

/** The query of an earlier life of the view, as far as it makes sense. */
export function queryFrom(stored: unknown): MoodQuery {
  if (typeof stored !== 'object' || stored === null) return initialQuery;
  const known = Object.fromEntries(
    Object.entries(stored).filter(([name, value]) => {
      const initial = Object.entries(initialQuery).find(([other]) => other === name)?.[1] as unknown;
      return initial !== undefined && name !== 'period' && typeof value === typeof initial;
    }),
  );
  const query: MoodQuery = { ...initialQuery, ...known };
  const valid =
    sourceChoices.includes(query.sources) && moodPeriods.includes(query.by) && rangeChoices.includes(query.range);
  return valid ? query : initialQuery;
}
