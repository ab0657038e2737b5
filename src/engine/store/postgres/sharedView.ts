import { SextantError } from '../../../shared/errors.ts';
import type { BlockRow } from '../blockScoring.ts';
import { blockSize } from '../postingCodec.ts';
import type { FileRow } from '../searchIndex.ts';
import type { PostgresConnection } from './postgresConnection.ts';
import { lengthsFrom } from './segmentLengths.ts';

export interface ViewName {
  readonly repository: string;
  readonly view: string;
}

/** A view as it was at one revision, what is hidden taken out. */
export interface ViewSnapshot {
  readonly repositoryId: number;
  readonly viewId: number;
  readonly chunker: string;
  readonly files: number;
  readonly chunks: number;
  readonly blocks: ReadonlyMap<number, BlockRow>;
}

interface ViewRow {
  readonly repositoryId: number;
  readonly viewId: number;
  readonly chunker: string;
  readonly revision: number;
  readonly files: number;
}

interface SegmentRow extends Omit<BlockRow, 'block' | 'lengths'> {
  readonly block: number;
  readonly lengths: Buffer;
}

/** So long a view is taken to be as it was: searches in a row need not ask each time. */
const freshMs = 2000;

/** Follows one view of a shared index: which chunks it has, and how long they are. */
export class SharedView {
  readonly #connection: PostgresConnection;
  readonly #name: ViewName;
  #hidden: ReadonlySet<string> = new Set();
  #loaded: { readonly revision: number; readonly snapshot: Promise<ViewSnapshot> } | undefined;
  #checking: Promise<ViewSnapshot> | undefined;
  #checkedAt = -Infinity;
  #files: { readonly snapshot: ViewSnapshot; readonly rows: Promise<FileRow[]> } | undefined;

  constructor(connection: PostgresConnection, name: ViewName) {
    this.#connection = connection;
    this.#name = name;
  }

  /** Paths that are to be as if they were not there, such as files that were changed on this machine. */
  hide(paths: ReadonlySet<string>): void {
    this.#hidden = paths;
    this.#loaded = undefined;
    this.#checkedAt = -Infinity;
    this.#checking = undefined;
  }

  /** @throws SextantError `index_missing` where there is no such view, `store_offline`, … */
  snapshot(): Promise<ViewSnapshot> {
    if (this.#loaded !== undefined && performance.now() - this.#checkedAt < freshMs) return this.#loaded.snapshot;
    this.#checking ??= this.#check().finally(() => (this.#checking = undefined));
    return this.#checking;
  }

  /** Files of the view, in the order of their paths. */
  async files(): Promise<FileRow[]> {
    const snapshot = await this.snapshot();
    if (this.#files?.snapshot !== snapshot) this.#files = { snapshot, rows: this.#readFiles(snapshot) };
    return this.#files.rows;
  }

  async #check(): Promise<ViewSnapshot> {
    const [row] = await this.#connection.rows<ViewRow>(
      `SELECT v.repository_id AS "repositoryId", v.view_id AS "viewId", v.chunker, v.revision, v.files
       FROM sextant.repositories r JOIN sextant.views v ON v.repository_id = r.repository_id
       WHERE r.name = $1 AND v.name = $2`,
      [this.#name.repository, this.#name.view],
      'view',
    );
    if (row === undefined) {
      throw new SextantError(
        'index_missing',
        `The shared index has no view “${this.#name.view}” of “${this.#name.repository}”, or this user may not see it.`,
        { hint: 'Make it with `sextant index DIR --store URL`.' },
      );
    }
    if (this.#loaded?.revision !== row.revision) {
      const snapshot = this.#load(row);
      await snapshot;
      this.#loaded = { revision: row.revision, snapshot };
    }
    this.#checkedAt = performance.now();
    return this.#loaded.snapshot;
  }

  async #load({ repositoryId, viewId, chunker, files }: ViewRow): Promise<ViewSnapshot> {
    const rows = await this.#connection.rows<SegmentRow>(
      `SELECT segment_id AS block, used, alive, tokens, lengths FROM sextant.view_segments
       WHERE repository_id = $1 AND view_id = $2 ORDER BY segment_id`,
      [repositoryId, viewId],
    );
    const blocks = new Map(rows.map((row) => [row.block, { ...row, lengths: lengthsFrom(row.lengths) }]));
    const hidden = await this.#hide(repositoryId, viewId, blocks);
    let chunks = 0;
    for (const { alive } of blocks.values()) chunks += alive;
    return { repositoryId, viewId, chunker, files: files - hidden, chunks, blocks };
  }

  /** Takes the hidden files out of the lengths; returns how many there were. */
  async #hide(repositoryId: number, viewId: number, blocks: Map<number, BlockRow>): Promise<number> {
    if (this.#hidden.size === 0) return 0;
    const rows = await this.#connection.rows<{ fileId: number; chunkId: number | null }>(
      `SELECT f.file_id AS "fileId", c.chunk_id AS "chunkId" FROM unnest($3::text[]) AS w (path)
       JOIN sextant.files f ON f.repository_id = $1 AND f.path = w.path
       JOIN sextant.view_files v ON v.repository_id = $1 AND v.view_id = $2 AND v.file_id = f.file_id
       LEFT JOIN sextant.chunks c ON c.repository_id = $1 AND c.file_id = f.file_id`,
      [repositoryId, viewId, [...this.#hidden]],
    );
    for (const { chunkId } of rows) {
      const block = blocks.get(Math.floor((chunkId ?? -1) / blockSize));
      if (block === undefined || chunkId === null) continue;
      const length = block.lengths[chunkId % blockSize]!;
      if (length === 0) continue;
      block.lengths[chunkId % blockSize] = 0;
      blocks.set(block.block, { ...block, alive: block.alive - 1, tokens: block.tokens - length });
    }
    return new Set(rows.map(({ fileId }) => fileId)).size;
  }

  async #readFiles({ repositoryId, viewId }: ViewSnapshot): Promise<FileRow[]> {
    const rows = await this.#connection.rows<FileRow>(
      `SELECT f.file_id AS "fileId", f.path, f.language, f.scope, f.chunk_count AS "chunkCount"
       FROM sextant.view_files v JOIN sextant.files f ON f.repository_id = v.repository_id AND f.file_id = v.file_id
       WHERE v.repository_id = $1 AND v.view_id = $2 ORDER BY f.path COLLATE "C"`,
      [repositoryId, viewId],
    );
    return rows.filter(({ path }) => !this.#hidden.has(path));
  }
}

/** Whether the view has the chunk. */
export function isAlive({ blocks }: ViewSnapshot, chunkId: number): boolean {
  const block = blocks.get(Math.floor(chunkId / blockSize));
  return block !== undefined && block.lengths[chunkId % blockSize]! > 0;
}
