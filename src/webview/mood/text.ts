import type { MoodPeriodKind } from '../../shared/mood.ts';
import type { MoodLabel } from '../../shared/sentiment.ts';
import { count, percent } from '../shared/format.ts';
import type { RangeChoice, SourceChoice } from './model/state.ts';

const labels: Readonly<Record<MoodLabel, string>> = { negative: 'Negative', neutral: 'Neutral', positive: 'Positive' };
const sources: Readonly<Record<SourceChoice, string>> = {
  commits: 'Commits',
  issues: 'Issues and comments',
  all: 'Commits and issues',
};
const periods: Readonly<Record<MoodPeriodKind, string>> = { week: 'By week', month: 'By month', release: 'By release' };
const ranges: Readonly<Record<RangeChoice, string>> = {
  month: 'Last month',
  quarter: 'Last 3 months',
  year: 'Last year',
  all: 'All time',
};

const signed = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0, signDisplay: 'exceptZero' });

/** A change in percentage points, with a minus as wide as the plus. */
function points(change: number): string {
  return signed.format(change * 100).replace('-', '−');
}

/** Every word that the view shows. */
export const text = {
  labels,
  sources,
  periods,
  ranges,
  source: 'What to look at',
  period: 'Bars',
  range: 'Time',
  path: 'Only what touched these paths',
  pathHint: 'src/**, !**/*.test.ts',
  label: 'Label',
  anyLabel: 'Any label',
  author: 'Author',
  anyAuthor: 'Any author',
  unreleased: 'not released',
  clearPeriod: 'All of the time again',
  timeline: 'Share of negative and positive items over time. Arrow keys move, Enter narrows to a bar.',
  above: 'positive',
  below: 'negative',
  places: 'Folders and files',
  noPlaces: 'None of these items changed a file.',
  top: 'All folders',
  fewer: 'Show fewer',
  allPlaces: (places: number): string => `Show all ${count(places)}`,
  onlyPath: 'Only items that touched this',
  mostNegative: 'Most negative',
  mostPositive: 'Most positive',
  noItems: 'None.',
  why: 'Words that weighed most',
  wrong: 'Wrong?',
  really: 'What is it really?',
  noWords: 'No single word stands out.',
  reading: 'Reading the words…',
  export: 'Export',
  csv: 'CSV',
  json: 'JSON',
  fetchIssues: 'Fetch issues',
  importIssues: 'Import issues',
  pause: 'Pause',
  resume: 'Go on',
  showAuthors: 'Count by author',
  authors: 'By author',
  authorNote:
    'Such a number says how somebody words commits, as a program reads it. It cannot tell whether they are content, kind or good at their work: the program errs, styles and languages differ, and few items say nothing. Do not judge people by it.',
  empty: 'There are no commits here yet.',
  emptyIssues: 'No issues are here yet. Fetch them from the project’s forge, or import an export.',
  noMatch: 'No item passes these filters.',
  noFolder: 'Open a folder to see how its project sounds.',
  openFolder: 'Open Folder',
  engineDown: 'The engine has stopped.',
  restartEngine: 'Restart Engine',
  showLog: 'Show Log',
  note: 'Told by a model on this machine; nothing is sent anywhere. Terse technical messages count as neutral.',
  share: percent,
  trend: points,
  trendHint: (change: number): string => `${points(change)} percentage points negative in the later half of this time`,
  summary: (items: number, negative: number, positive: number): string =>
    `${count(items)} items · ${percent(negative)} negative · ${percent(positive)} positive`,
  skipped: (items: number): string => `${count(items)} without a text to judge (merges, bots, empty)`,
  waiting: (items: number): string => `${count(items)} wait`,
  bar: (name: string, total: number, negative: number, positive: number): string =>
    total === 0
      ? `${name}: nothing`
      : `${name}: ${count(total)} items, ${count(negative)} negative (${percent(negative / total)}), ${count(positive)} positive (${percent(positive / total)})`,
  place: (name: string, negative: number, total: number): string =>
    `${name}: ${count(negative)} of ${count(total)} negative`,
  classifying: (done: number, items: number): string =>
    `Reading the mood of ${count(items)} items: ${count(done)} done`,
  readingHistory: 'Reading the history…',
  embedding: 'Preparing the search over commits…',
  paused: 'Paused.',
};
