import { mostFilesNamed, type HistoryItem, type HistoryKind } from '../../../shared/history.ts';
import type { MoodLabel, MoodSkipReason } from '../../../shared/sentiment.ts';
import { StatementCache, type Sqlite } from '../sqlite.ts';
import type {
  HistoryCandidate,
  HistoryCounts,
  HistoryFilter,
  HistorySource,
  MoodRow,
  PendingText,
} from './historyTypes.ts';

/** A word in the subject says most about a commit, then the names of what it touched. */
const fieldWeights = { title: 3, body: 1, files: 1.5 };

interface RawItem {
  readonly id: number;
  readonly kind: HistoryKind;
  readonly key: string;
  readonly source: string;
  readonly title: string;
  readonly body: string;
  readonly author: string;
  readonly at: number;
  readonly merge: number;
  readonly details: string;
  readonly label: MoodLabel | null;
  readonly negative: number;
  readonly positive: number;
  readonly skipped: MoodSkipReason | null;
}

function toItem(row: RawItem, files: readonly string[], fileCount: number): HistoryItem {
  const { id, kind, key, source, title, body, author, at, merge, details, label, negative, positive, skipped } = row;
  const { url, labels } = JSON.parse(details) as { url?: string; labels?: string[] };
  const scores = { negative, neutral: Math.max(0, 1 - negative - positive), positive };
  return {
    ...{ id, kind, key, source, title, body, author, at, fileCount },
    merge: merge === 1,
    labels: labels ?? [],
    files: [...files],
    ...(url === undefined ? {} : { url }),
    ...(label === null ? {} : { mood: { label, scores, ...(skipped === null ? {} : { skipped }) } }),
  };
}

/** Reads the history tables; what each answers is told in {@link HistoryReader}. */
export class HistoryQueries {
  readonly #statements: StatementCache;

  constructor(db: Sqlite) {
    this.#statements = new StatementCache(db);
  }

  sources(): HistorySource[] {
    return this.#statements
      .get('SELECT id, kind, name, state FROM history_sources ORDER BY id')
      .all() as HistorySource[];
  }

  counts(): HistoryCounts {
    return this.#statements
      .get("SELECT count(*) AS items, coalesce(sum(kind = 'commit'), 0) AS commits FROM history_items")
      .get() as HistoryCounts;
  }

  items(ids: readonly number[], classifier: string | undefined): HistoryItem[] {
    const rows = this.#statements
      .get(
        `SELECT i.id, i.kind, i.key, s.name AS source, i.title, i.body, a.name AS author, i.at, i.merge, i.details,
         m.label, m.negative, m.positive, m.skipped
         FROM json_each(?) j CROSS JOIN history_items i ON i.id = j.value
         JOIN history_sources s ON s.id = i.source_id JOIN history_authors a ON a.id = i.author_id
         LEFT JOIN history_moods m ON m.classifier = ? AND m.content_hash = i.content_hash ORDER BY j.key`,
      )
      .all(JSON.stringify(ids), classifier ?? '') as RawItem[];
    const files = this.#statements
      .get(
        `SELECT p.path FROM history_item_files f JOIN history_paths p ON p.id = f.path_id WHERE f.item_id = ?
         ORDER BY p.path LIMIT ?`,
      )
      .pluck();
    const count = this.#statements.get('SELECT count(*) FROM history_item_files WHERE item_id = ?').pluck();
    return rows.map((row) => toItem(row, files.all(row.id, mostFilesNamed) as string[], count.get(row.id) as number));
  }

  withoutMood(classifier: string, kinds: readonly HistoryKind[]): number[] {
    return this.#statements
      .get(
        `SELECT i.id FROM history_items i WHERE i.kind IN (SELECT value FROM json_each(?)) AND NOT EXISTS
         (SELECT 1 FROM history_moods m WHERE m.classifier = ? AND m.content_hash = i.content_hash) ORDER BY i.at DESC`,
      )
      .pluck()
      .all(JSON.stringify(kinds), classifier) as number[];
  }

  texts(ids: readonly number[]): PendingText[] {
    const rows = this.#statements
      .get(
        `SELECT i.content_hash AS contentHash, i.kind, i.merge, a.name AS author, i.title, i.body FROM json_each(?) j
         CROSS JOIN history_items i ON i.id = j.value JOIN history_authors a ON a.id = i.author_id`,
      )
      .all(JSON.stringify(ids)) as PendingText[];
    return [...new Map(rows.map((row) => [row.contentHash.toString('latin1'), row])).values()];
  }

  classified(classifier: string, kinds: readonly HistoryKind[]): number {
    return this.#statements
      .get(
        `SELECT count(*) FROM history_items i WHERE i.kind IN (SELECT value FROM json_each(?)) AND EXISTS
         (SELECT 1 FROM history_moods m WHERE m.classifier = ? AND m.content_hash = i.content_hash)`,
      )
      .pluck()
      .get(JSON.stringify(kinds), classifier) as number;
  }

  moodRows(classifier: string, afterId: number, limit: number): MoodRow[] {
    return this.#statements
      .get(
        `SELECT i.id, i.kind, i.at, i.author_id AS authorId, i.source_id AS sourceId, m.label, m.negative, m.positive, m.skipped
         FROM history_items i LEFT JOIN history_moods m ON m.classifier = ? AND m.content_hash = i.content_hash
         WHERE i.id > ? ORDER BY i.id LIMIT ?`,
      )
      .all(classifier, afterId, limit) as MoodRow[];
  }

  fileRows(afterId: number, lastId: number): { readonly id: number; readonly pathId: number }[] {
    return this.#statements
      .get('SELECT item_id AS id, path_id AS pathId FROM history_item_files WHERE item_id > ? AND item_id <= ?')
      .all(afterId, lastId) as { id: number; pathId: number }[];
  }

  paths(): Map<number, string> {
    const rows = this.#statements.get('SELECT id, path FROM history_paths').all() as { id: number; path: string }[];
    return new Map(rows.map(({ id, path }) => [id, path]));
  }

  authors(): Map<number, string> {
    const rows = this.#statements.get('SELECT id, name FROM history_authors').all() as { id: number; name: string }[];
    return new Map(rows.map(({ id, name }) => [id, name]));
  }

  labels(): string[] {
    return this.#statements
      .get(
        `SELECT j.value FROM history_items i, json_each(i.details, '$.labels') j WHERE i.kind <> 'commit'
         GROUP BY j.value ORDER BY count(*) DESC, j.value LIMIT 200`,
      )
      .pluck()
      .all() as string[];
  }

  itemsLabelled(labels: readonly string[]): Set<number> {
    const ids = this.#statements
      .get(
        `SELECT DISTINCT i.id FROM history_items i, json_each(i.details, '$.labels') j
         WHERE i.kind <> 'commit' AND j.value IN (SELECT value FROM json_each(?))`,
      )
      .pluck()
      .all(JSON.stringify(labels)) as number[];
    return new Set(ids);
  }

  itemsTouching(pathIds: readonly number[]): Set<number> {
    const ids = this.#statements
      .get('SELECT f.item_id FROM json_each(?) j CROSS JOIN history_item_files f ON f.path_id = j.value')
      .pluck()
      .all(JSON.stringify(pathIds)) as number[];
    return new Set(ids);
  }

  keyword(terms: readonly string[], limit: number, filter: HistoryFilter): HistoryCandidate[] {
    if (terms.length === 0) return [];
    const conditions: string[] = [];
    const parameters: string[] = [];
    if (filter.kinds !== undefined) {
      conditions.push('AND i.kind IN (SELECT value FROM json_each(?))');
      parameters.push(JSON.stringify(filter.kinds));
    }
    if (filter.ids !== undefined) {
      conditions.push('AND i.id IN (SELECT value FROM json_each(?))');
      parameters.push(JSON.stringify([...filter.ids]));
    }
    const { title, body, files } = fieldWeights;
    // Index terms hold letters and digits only, so quoting them is enough.
    const match = terms.map((term) => `"${term}"`).join(' OR ');
    return this.#statements
      .get(
        `SELECT i.id, -bm25(history_terms, ${title}, ${body}, ${files}) AS score
         FROM history_terms t JOIN history_items i ON i.id = t.rowid
         WHERE history_terms MATCH ? ${conditions.join(' ')} ORDER BY score DESC, i.id DESC LIMIT ?`,
      )
      .all(match, ...parameters, limit) as HistoryCandidate[];
  }

  byKey(prefix: string, limit: number): number[] {
    return this.#statements
      .get('SELECT id FROM history_items WHERE key >= ? AND key < ? ORDER BY key LIMIT ?')
      .pluck()
      .all(prefix, `${prefix}\u{10ffff}`, limit) as number[];
  }
}
