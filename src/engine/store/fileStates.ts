import type { SkipCounts, SkipReason } from '../../shared/status.ts';
import type { Sqlite, Statement } from './sqlite.ts';

/** What the store knows of a file, to see whether it changed. */
export interface FileState {
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
}

export interface KnownFile extends FileState {
  /** Hash of the content; undefined for a file that was looked at and left out. */
  readonly contentHash: string | undefined;
}

export interface SkippedFile extends FileState {
  readonly reason: SkipReason;
  /** Of a file that a shared index answers for. */
  readonly contentHash?: string;
}

/** Size and time of files as they were when they were read, those that were left out by their content included. No transactions of its own. */
export class FileStates {
  readonly #known: Statement;
  readonly #one: Statement;
  readonly #touch: Statement;
  readonly #skip: Statement;
  readonly #forgetSkip: Statement;
  readonly #skipped: Statement;
  readonly #shared: Statement;
  readonly #degraded: Statement;
  readonly #languages: Statement;
  readonly #below: Statement;

  constructor(db: Sqlite) {
    const both = `
      SELECT path, size, mtime_ms AS mtimeMs, content_hash AS contentHash FROM files WHERE chunk_set_id = $set $path
      UNION ALL SELECT path, size, mtime_ms, NULL FROM skipped_files WHERE chunk_set_id = $set $path`;
    this.#known = db.prepare(both.replaceAll('$path', ''));
    this.#one = db.prepare(both.replaceAll('$path', 'AND path = $file'));
    this.#touch = db.prepare('UPDATE files SET size = ?, mtime_ms = ? WHERE chunk_set_id = ? AND path = ?');
    this.#skip = db.prepare(
      `INSERT OR REPLACE INTO skipped_files (chunk_set_id, path, size, mtime_ms, reason, content_hash)
       VALUES (?, ?, ?, ?, ?, ?)`,
    );
    this.#forgetSkip = db.prepare('DELETE FROM skipped_files WHERE chunk_set_id = ? AND path = ?');
    this.#shared = db.prepare(
      "SELECT path, content_hash AS contentHash FROM skipped_files WHERE chunk_set_id = ? AND reason = 'shared'",
    );
    this.#skipped = db.prepare(
      'SELECT reason, count(*) AS count FROM skipped_files WHERE chunk_set_id = ? GROUP BY reason',
    );
    // '0' follows '/' in ASCII.
    this.#below = db
      .prepare(
        `SELECT path FROM files WHERE chunk_set_id = $set AND path > $folder || '/' AND path < $folder || '0'
         UNION SELECT path FROM skipped_files WHERE chunk_set_id = $set AND path > $folder || '/' AND path < $folder || '0'`,
      )
      .pluck();
    this.#languages = db.prepare(
      `SELECT l.name, count(*) AS count FROM files f JOIN labels l ON l.id = f.language_id
       WHERE f.chunk_set_id = ? GROUP BY f.language_id`,
    );
    this.#degraded = db.prepare('SELECT count(*) FROM files WHERE chunk_set_id = ? AND degraded IS NOT NULL').pluck();
  }

  known(chunkSetId: number): Map<string, KnownFile> {
    const rows = this.#known.all({ set: chunkSetId }) as (FileState & { contentHash: string | null })[];
    return new Map(rows.map((row) => [row.path, { ...row, contentHash: row.contentHash ?? undefined }]));
  }

  one(chunkSetId: number, file: string): KnownFile | undefined {
    const row = this.#one.get({ set: chunkSetId, file }) as (FileState & { contentHash: string | null }) | undefined;
    return row && { ...row, contentHash: row.contentHash ?? undefined };
  }

  /** Paths of the files within a folder, at any depth. */
  below(chunkSetId: number, folder: string): string[] {
    return this.#below.all({ set: chunkSetId, folder }) as string[];
  }

  /** The content is as it was although size or time of change are not. */
  touch(chunkSetId: number, { path, size, mtimeMs }: FileState): void {
    this.#touch.run(size, mtimeMs, chunkSetId, path);
  }

  skip(chunkSetId: number, { path, size, mtimeMs, reason, contentHash }: SkippedFile): void {
    this.#skip.run(chunkSetId, path, size, mtimeMs, reason, contentHash ?? null);
  }

  /** Files that a shared index answers for: the hash of the content by path. */
  shared(chunkSetId: number): Map<string, string> {
    const rows = this.#shared.all(chunkSetId) as { path: string; contentHash: string }[];
    return new Map(rows.map(({ path, contentHash }) => [path, contentHash]));
  }

  forgetSkip(chunkSetId: number, path: string): void {
    this.#forgetSkip.run(chunkSetId, path);
  }

  skipped(chunkSetId: number): SkipCounts {
    const rows = this.#skipped.all(chunkSetId) as { reason: SkipReason; count: number }[];
    return Object.fromEntries(rows.map(({ reason, count }) => [reason, count]));
  }

  /** Files by language id. */
  languages(chunkSetId: number): Record<string, number> {
    const rows = this.#languages.all(chunkSetId) as { name: string; count: number }[];
    return Object.fromEntries(rows.map(({ name, count }) => [name, count]));
  }

  degraded(chunkSetId: number): number {
    return this.#degraded.get(chunkSetId) as number;
  }
}
