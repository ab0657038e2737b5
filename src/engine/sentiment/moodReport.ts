import { setImmediate } from 'node:timers/promises';
import type { MoodAuthor, MoodFilter, MoodListItem, MoodPlace, MoodReport, MoodRequest } from '../../shared/mood.ts';
import type { MoodLabel } from '../../shared/sentiment.ts';
import type { Tag } from '../git/repositories.ts';
import type { HistoryRoot } from '../history/searchHistory.ts';
import { pathFilter } from '../search/pathFilter.ts';
import type { HistoryReader, MoodRow } from '../store/history/historyTypes.ts';
import { emptyCounts, moodTimeline, type MutableCounts } from './moodTimeline.ts';

/** Rows read before others get their turn. */
const pageSize = 4000;
const mostPlaces = 200;
const mostAuthors = 100;
/** Half a period with fewer items says nothing about a trend. */
const leastForTrend = 5;

export interface MoodSource extends HistoryRoot {
  readonly tags: readonly Tag[];
}

/** An item that was judged: neither skipped nor waiting. */
interface JudgedRow extends MoodRow {
  readonly label: MoodLabel;
  readonly negative: number;
  readonly positive: number;
}

function isJudged(row: MoodRow): row is JudgedRow {
  return row.label !== null && row.skipped === null;
}

/** Whether an item passes the filter, decided by its row alone. */
function rowFilter(history: HistoryReader, filter: MoodFilter): (row: MoodRow) => boolean {
  const { kinds, since = -Infinity, until = Infinity, paths = [], labels = [], authors = [], sources = [] } = filter;
  const allowedKinds = new Set(kinds);
  const sets: ReadonlySet<number>[] = [];
  if (paths.length > 0) {
    const allows = pathFilter(paths);
    sets.push(history.itemsTouching([...history.paths()].flatMap(([id, path]) => (allows(path) ? [id] : []))));
  }
  if (labels.length > 0) sets.push(history.itemsLabelled(labels));
  const names = new Set(authors);
  const byName = [...history.authors()].filter(([, name]) => names.has(name)).map(([id]) => id);
  const authorIds = names.size === 0 ? undefined : new Set(byName);
  const named = history.sources().filter(({ name }) => sources.includes(name));
  const sourceIds = sources.length === 0 ? undefined : new Set(named.map(({ id }) => id));
  return (row) =>
    allowedKinds.has(row.kind) &&
    row.at >= since &&
    row.at <= until &&
    (authorIds?.has(row.authorId) ?? true) &&
    (sourceIds?.has(row.sourceId) ?? true) &&
    sets.every((set) => set.has(row.id));
}

/** Rows of the items that pass the filter, page by page, so that a long history does not hold up the engine. */
export async function* filteredRows(
  { store }: HistoryRoot,
  filter: MoodFilter,
  classifier: string,
  signal: AbortSignal,
): AsyncGenerator<readonly MoodRow[]> {
  const passes = store.readHistory((history) => rowFilter(history, filter));
  for (let after = 0; ;) {
    const rows = store.readHistory((history) => history.moodRows(classifier, after, pageSize));
    const last = rows.at(-1);
    if (last === undefined) return;
    yield rows.filter(passes);
    after = last.id;
    await setImmediate();
    signal.throwIfAborted();
  }
}

class PlaceCounter {
  readonly #folder: string;
  readonly #middle: number;
  readonly #children = new Map<
    string,
    { folder: boolean; earlier: MutableCounts; later: MutableCounts; lastId: number }
  >();
  /** Name of the child that a path lies in, by the number of the path. */
  readonly #childOf = new Map<number, { readonly name: string; readonly folder: boolean }>();

  constructor(history: HistoryReader, folder: string, middle: number) {
    this.#folder = folder;
    this.#middle = middle;
    const prefix = folder === '' ? '' : `${folder}/`;
    for (const [id, path] of history.paths()) {
      if (!path.startsWith(prefix)) continue;
      const [name = '', ...below] = path.slice(prefix.length).split('/');
      if (name !== '') this.#childOf.set(id, { name, folder: below.length > 0 });
    }
  }

  /** Files of one item must come one after the other: an item counts once for a place, however many files it touched there. */
  add(row: JudgedRow, pathId: number): void {
    const child = this.#childOf.get(pathId);
    if (child === undefined) return;
    let counted = this.#children.get(child.name);
    if (counted === undefined) {
      counted = { folder: child.folder, earlier: emptyCounts(), later: emptyCounts(), lastId: -1 };
      this.#children.set(child.name, counted);
    }
    if (counted.lastId === row.id) return;
    counted.lastId = row.id;
    (row.at < this.#middle ? counted.earlier : counted.later)[row.label] += 1;
  }

  places(): MoodPlace[] {
    const prefix = this.#folder === '' ? '' : `${this.#folder}/`;
    return [...this.#children]
      .map(([name, { folder, earlier, later }]) => ({
        path: prefix + name,
        folder,
        counts: sumOf(earlier, later),
        trend: trendOf(earlier, later),
      }))
      .sort((a, b) => b.counts.negative - a.counts.negative || totalOf(b.counts) - totalOf(a.counts))
      .slice(0, mostPlaces);
  }
}

function sumOf(a: MutableCounts, b: MutableCounts): MutableCounts {
  return {
    negative: a.negative + b.negative,
    neutral: a.neutral + b.neutral,
    positive: a.positive + b.positive,
  };
}

function totalOf({ negative, neutral, positive }: MutableCounts): number {
  return negative + neutral + positive;
}

function trendOf(earlier: MutableCounts, later: MutableCounts): number | null {
  const [before, after] = [totalOf(earlier), totalOf(later)];
  if (before < leastForTrend || after < leastForTrend) return null;
  return later.negative / after - earlier.negative / before;
}

interface RootRows {
  readonly source: MoodSource;
  readonly rows: readonly JudgedRow[];
}

async function placesOf(
  roots: readonly RootRows[],
  folder: string,
  middle: number,
  signal: AbortSignal,
): Promise<MoodPlace[]> {
  const found: MoodPlace[] = [];
  for (const { source, rows } of roots) {
    const counter = source.store.readHistory((history) => new PlaceCounter(history, folder, middle));
    for (let start = 0; start < rows.length; start += pageSize) {
      const page = new Map(rows.slice(start, start + pageSize).map((row) => [row.id, row]));
      const ids = [...page.keys()];
      const files = source.store.readHistory((history) => history.fileRows(ids[0]! - 1, ids.at(-1)!));
      for (const { id, pathId } of files) {
        const row = page.get(id);
        if (row !== undefined) counter.add(row, pathId);
      }
      await setImmediate();
      signal.throwIfAborted();
    }
    found.push(...counter.places());
  }
  return found.sort((a, b) => b.counts.negative - a.counts.negative).slice(0, mostPlaces);
}

/** The items of a class with the highest probability of it; of several roots the best of all. */
function extremes(
  roots: readonly RootRows[],
  label: 'negative' | 'positive',
  listed: number,
  classifier: string,
): MoodListItem[] {
  return roots
    .flatMap(({ source, rows }) => {
      const best = rows
        .filter((row) => row.label === label)
        .sort((a, b) => b[label] - a[label] || b.at - a.at)
        .slice(0, listed);
      const items = source.store.readHistory((history) =>
        history.items(
          best.map(({ id }) => id),
          classifier,
        ),
      );
      return items.map((item) => ({ ...item, root: source.root }));
    })
    .sort((a, b) => (b.mood?.scores[label] ?? 0) - (a.mood?.scores[label] ?? 0))
    .slice(0, listed);
}

function authorsOf(roots: readonly RootRows[]): MoodAuthor[] {
  const counts = new Map<string, MutableCounts>();
  for (const { source, rows } of roots) {
    const names = source.store.readHistory((history) => history.authors());
    for (const { authorId, label } of rows) {
      const name = names.get(authorId) ?? '';
      let counted = counts.get(name);
      if (counted === undefined) counts.set(name, (counted = emptyCounts()));
      counted[label] += 1;
    }
  }
  return [...counts]
    .map(([name, count]) => ({ name, counts: count }))
    .sort((a, b) => totalOf(b.counts) - totalOf(a.counts))
    .slice(0, mostAuthors);
}

/**
 * Counts the moods of all items that pass the filter. Reads only what is stored: what waits for the classifier is counted as
 * pending. @throws SextantError `invalid_argument` for a bad glob; the signal's reason when cancelled.
 */
export async function moodReport(
  sources: readonly MoodSource[],
  request: MoodRequest,
  classifier: string,
  signal: AbortSignal,
): Promise<MoodReport> {
  const counts = emptyCounts();
  let items = 0;
  let skipped = 0;
  const roots: RootRows[] = [];
  for (const source of sources) {
    const judged: JudgedRow[] = [];
    for await (const rows of filteredRows(source, request, classifier, signal)) {
      items += rows.length;
      skipped += rows.filter((row) => row.skipped !== null).length;
      for (const row of rows) if (isJudged(row)) judged.push(row);
    }
    for (const { label } of judged) counts[label] += 1;
    roots.push({ source, rows: judged });
  }
  const all = roots.flatMap(({ rows }) => rows);
  const [first, last] = all.reduce(
    ([low, high], { at }) => [Math.min(low, at), Math.max(high, at)],
    [Infinity, -Infinity],
  );
  const tags = sources.flatMap((source) => source.tags);
  return {
    counts,
    items,
    skipped,
    pending: items - skipped - all.length,
    timeline: moodTimeline(all, request.by, tags),
    folder: request.folder,
    places: await placesOf(roots, request.folder, (first + last) / 2, signal),
    negative: extremes(roots, 'negative', request.listed, classifier),
    positive: extremes(roots, 'positive', request.listed, classifier),
    ...(request.byAuthor ? { authors: authorsOf(roots) } : {}),
    labels: [...new Set(sources.flatMap(({ store }) => store.readHistory((history) => history.labels())))],
  };
}
