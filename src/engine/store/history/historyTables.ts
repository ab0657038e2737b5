import { hash } from 'node:crypto';
import { SextantError } from '../../../shared/errors.ts';
import type { HistoryItem, HistoryKind } from '../../../shared/history.ts';
import { codeTokens } from '../../text/codeTokens.ts';
import { StatementCache, type Connection } from '../sqlite.ts';
import { encodeVector, isStorable } from '../vectorCodec.ts';
import { HistoryQueries } from './historyQueries.ts';
import { HistorySigns } from './historySigns.ts';
import type {
  HistoryCandidate,
  HistoryCounts,
  HistoryFilter,
  HistorySource,
  HistoryWriter,
  MoodRow,
  NewHistoryItem,
  NewMood,
  NewVector,
  PendingText,
  SourceKind,
} from './historyTypes.ts';

/** Words of a text beyond this are not indexed. */
const longestIndexed = 20_000;

/** 128 bits of SHA-256 over what moods and embeddings are made from. */
function contentHashOf({ kind, merge, authorName, title, body }: NewHistoryItem): Buffer {
  return hash('sha256', JSON.stringify([kind, merge, authorName, title, body]), 'buffer').subarray(0, 16);
}

function termsOf(text: string): string {
  return codeTokens(text.slice(0, longestIndexed)).join(' ');
}

/** The history tables of one database. No transactions of its own. */
export class HistoryTables implements HistoryWriter {
  readonly #statements: StatementCache;
  readonly #queries: HistoryQueries;
  readonly #signs: HistorySigns;

  constructor(connection: Connection) {
    this.#statements = new StatementCache(connection.db);
    this.#queries = new HistoryQueries(connection.db);
    this.#signs = new HistorySigns(connection);
  }

  source(kind: SourceKind, name: string): HistorySource {
    this.#run('INSERT INTO history_sources (kind, name) VALUES (?, ?) ON CONFLICT DO NOTHING', kind, name);
    return this.#statements
      .get('SELECT id, kind, name, state FROM history_sources WHERE kind = ? AND name = ?')
      .get(kind, name) as HistorySource;
  }

  setState(sourceId: number, state: string): void {
    this.#run('UPDATE history_sources SET state = ? WHERE id = ?', state, sourceId);
  }

  put(sourceId: number, items: readonly NewHistoryItem[]): number {
    let written = 0;
    for (const item of items) {
      const contentHash = contentHashOf(item);
      const details = JSON.stringify({ url: item.url, labels: item.labels });
      const known = this.#statements
        .get('SELECT id, content_hash AS contentHash, details, at FROM history_items WHERE source_id = ? AND key = ?')
        .get(sourceId, item.key) as { id: number; contentHash: Buffer; details: string; at: number } | undefined;
      if (known !== undefined) {
        if (known.contentHash.equals(contentHash) && known.details === details && known.at === item.at) continue;
        this.#removeItem(known.id);
      }
      this.#insert(sourceId, item, contentHash, details);
      written += 1;
    }
    return written;
  }

  remove(sourceId: number, keys: readonly string[]): number {
    const find = this.#statements.get('SELECT id FROM history_items WHERE source_id = ? AND key = ?').pluck();
    const ids = keys.map((key) => find.get(sourceId, key) as number | undefined).filter((id) => id !== undefined);
    for (const id of ids) this.#removeItem(id);
    return ids.length;
  }

  keysOf(sourceId: number): string[] {
    return this.#statements.get('SELECT key FROM history_items WHERE source_id = ?').pluck().all(sourceId) as string[];
  }

  trim(sourceId: number, most: number): number {
    const ids = this.#statements
      .get('SELECT id FROM history_items WHERE source_id = ? ORDER BY at DESC, id LIMIT -1 OFFSET ?')
      .pluck()
      .all(sourceId, most) as number[];
    for (const id of ids) this.#removeItem(id);
    return ids.length;
  }

  removeSource(sourceId: number): void {
    this.trim(sourceId, 0);
    this.#run('DELETE FROM history_sources WHERE id = ?', sourceId);
  }

  storeMoods(classifier: string, moods: readonly NewMood[]): void {
    for (const { contentHash, mood } of moods) {
      const { negative, positive } = mood.scores;
      this.#run(
        `INSERT INTO history_moods (classifier, content_hash, label, negative, positive, skipped) VALUES (?, ?, ?, ?, ?, ?)
         ON CONFLICT DO UPDATE SET label = excluded.label, negative = excluded.negative, positive = excluded.positive,
         skipped = excluded.skipped`,
        classifier,
        contentHash,
        mood.label,
        negative,
        positive,
        mood.skipped ?? null,
      );
    }
  }

  storeVectors(model: { fingerprint: string; name: string; dimension: number }, vectors: readonly NewVector[]): void {
    if (vectors.some(({ vector }) => !isStorable(vector, model.dimension))) {
      throw new SextantError('model_invalid', 'The model returned an embedding that cannot be stored.');
    }
    const modelId = this.#signs.modelId(model);
    for (const { contentHash, vector } of vectors) {
      const stored = encodeVector(vector);
      this.#run('INSERT OR REPLACE INTO history_vectors VALUES (?, ?, ?)', modelId, contentHash, stored);
      this.#signs.link(modelId, contentHash, stored);
    }
  }

  linkVectors(modelFingerprint: string): number {
    return this.#signs.linkKnown(modelFingerprint);
  }

  keepOnly({ model, classifier }: { readonly model?: string; readonly classifier?: string }): void {
    if (classifier !== undefined) this.#run('DELETE FROM history_moods WHERE classifier <> ?', classifier);
    if (model !== undefined) this.#signs.dropOthers(model);
  }

  sources(): HistorySource[] {
    return this.#queries.sources();
  }

  counts(): HistoryCounts {
    return this.#queries.counts();
  }

  items(ids: readonly number[], classifier: string | undefined): HistoryItem[] {
    return this.#queries.items(ids, classifier);
  }

  withoutMood(classifier: string, kinds: readonly HistoryKind[]): number[] {
    return this.#queries.withoutMood(classifier, kinds);
  }

  withoutVector(modelFingerprint: string): number[] {
    return this.#signs.missing(modelFingerprint);
  }

  texts(ids: readonly number[]): PendingText[] {
    return this.#queries.texts(ids);
  }

  classified(classifier: string, kinds: readonly HistoryKind[]): number {
    return this.#queries.classified(classifier, kinds);
  }

  embedded(modelFingerprint: string): number {
    return this.#signs.count(modelFingerprint);
  }

  moodRows(classifier: string, afterId: number, limit: number): MoodRow[] {
    return this.#queries.moodRows(classifier, afterId, limit);
  }

  fileRows(afterId: number, lastId: number): { readonly id: number; readonly pathId: number }[] {
    return this.#queries.fileRows(afterId, lastId);
  }

  paths(): Map<number, string> {
    return this.#queries.paths();
  }

  authors(): Map<number, string> {
    return this.#queries.authors();
  }

  labels(): string[] {
    return this.#queries.labels();
  }

  itemsLabelled(labels: readonly string[]): Set<number> {
    return this.#queries.itemsLabelled(labels);
  }

  itemsTouching(pathIds: readonly number[]): Set<number> {
    return this.#queries.itemsTouching(pathIds);
  }

  keyword(terms: readonly string[], limit: number, filter: HistoryFilter): HistoryCandidate[] {
    return this.#queries.keyword(terms, limit, filter);
  }

  dense(modelFingerprint: string, vector: Float32Array, limit: number, filter: HistoryFilter): HistoryCandidate[] {
    return this.#signs.nearest(modelFingerprint, vector, limit, filter);
  }

  byKey(prefix: string, limit: number): number[] {
    return this.#queries.byKey(prefix, limit);
  }

  #insert(sourceId: number, item: NewHistoryItem, contentHash: Buffer, details: string): void {
    const { kind, key, at, merge, title, body, files } = item;
    const author = this.#authorId(item.authorName, item.authorEmail);
    const { lastInsertRowid } = this.#statements
      .get(
        `INSERT INTO history_items (source_id, kind, key, author_id, at, merge, title, body, details, content_hash)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(sourceId, kind, key, author, at, merge ? 1 : 0, title, body, details, contentHash);
    const id = Number(lastInsertRowid);
    const link = this.#statements.get(
      'INSERT OR IGNORE INTO history_item_files (item_id, path_id, change) VALUES (?, ?, ?)',
    );
    for (const { path, kind: change } of files) link.run(id, this.#pathId(path), change);
    const paths = files.map(({ path }) => path).join('\n');
    this.#run(
      'INSERT INTO history_terms (rowid, title, body, files) VALUES (?, ?, ?, ?)',
      id,
      termsOf(title),
      termsOf(body),
      termsOf(paths),
    );
  }

  #removeItem(id: number): void {
    this.#run('DELETE FROM history_terms WHERE rowid = ?', id);
    this.#signs.remove(id);
    this.#run('DELETE FROM history_items WHERE id = ?', id);
  }

  #authorId(name: string, email: string): number {
    this.#run('INSERT INTO history_authors (name, email) VALUES (?, ?) ON CONFLICT DO NOTHING', name, email);
    return this.#statements
      .get('SELECT id FROM history_authors WHERE name = ? AND email = ?')
      .pluck()
      .get(name, email) as number;
  }

  #pathId(path: string): number {
    const find = this.#statements.get('SELECT id FROM history_paths WHERE path = ?').pluck();
    const known = find.get(path) as number | undefined;
    if (known !== undefined) return known;
    return Number(this.#statements.get('INSERT INTO history_paths (path) VALUES (?)').run(path).lastInsertRowid);
  }

  #run(sql: string, ...parameters: readonly (string | number | Buffer | null)[]): void {
    this.#statements.get(sql).run(...parameters);
  }
}
