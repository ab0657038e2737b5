import { SextantError } from '../../../shared/errors.ts';
import type { BlockRow } from '../blockScoring.ts';
import { blockSize } from '../postingCodec.ts';
import type { FileRow } from '../searchIndex.ts';
import type { PostgresConnection, Statements } from './postgresConnection.ts';
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
  readonly revision: number;
  readonly files: number;
  readonly chunks: number;
  readonly blocks: ReadonlyMap<number, BlockRow>;
  /** Files of the view that are as if they were not there. */
  readonly hidden: ReadonlySet<number>;
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
  #limit: ReadonlyMap<string, string> | undefined;
  #loaded: { readonly revision: number; readonly snapshot: Promise<ViewSnapshot> } | undefined;
  #checking: Promise<ViewSnapshot> | undefined;
  #checkedAt = -Infinity;
  #files: { readonly snapshot: ViewSnapshot; readonly rows: Promise<FileRow[]> } | undefined;

  constructor(connection: PostgresConnection, name: ViewName) {
    this.#connection = connection;
    this.#name = name;
  }

  /**
   * From now on only files whose content has the hash that is given for their path are there: those that are the same on this
   * machine. Undefined: all.
   */
  limitTo(contents: ReadonlyMap<string, string> | undefined): void {
    if (contents === this.#limit) return;
    this.#limit = contents;
    this.#loaded = undefined;
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

  async #load({ repositoryId, viewId, chunker, revision, files }: ViewRow): Promise<ViewSnapshot> {
    const rows = await this.#connection.rows<SegmentRow>(
      `SELECT segment_id AS block, used, alive, tokens, lengths FROM sextant.view_segments
       WHERE repository_id = $1 AND view_id = $2 ORDER BY segment_id`,
      [repositoryId, viewId],
    );
    const blocks = new Map(rows.map((row) => [row.block, { ...row, lengths: lengthsFrom(row.lengths) }]));
    const hidden = await this.#hide(repositoryId, viewId, blocks);
    let chunks = 0;
    for (const { alive } of blocks.values()) chunks += alive;
    return { repositoryId, viewId, chunker, revision, files: files - hidden.size, chunks, blocks, hidden };
  }

  /** Takes what the limit leaves out of the lengths; returns the files. */
  async #hide(repositoryId: number, viewId: number, blocks: Map<number, BlockRow>): Promise<ReadonlySet<number>> {
    const limit = this.#limit;
    if (limit === undefined) return new Set();
    const listed = await listView(this.#connection, repositoryId, viewId);
    const hidden = listed
      .filter(({ path, contentHash }) => limit.get(path) !== contentHash)
      .map(({ fileId }) => fileId);
    const rows = await this.#connection.rows<{ chunkId: number }>(
      `SELECT chunk_id AS "chunkId" FROM sextant.chunks WHERE repository_id = $1 AND file_id = ANY ($2::bigint[])`,
      [repositoryId, hidden],
    );
    for (const { chunkId } of rows) {
      const block = blocks.get(Math.floor(chunkId / blockSize));
      const length = block?.lengths[chunkId % blockSize] ?? 0;
      if (block === undefined || length === 0) continue;
      block.lengths[chunkId % blockSize] = 0;
      blocks.set(block.block, { ...block, alive: block.alive - 1, tokens: block.tokens - length });
    }
    return new Set(hidden);
  }

  async #readFiles({ repositoryId, viewId, hidden }: ViewSnapshot): Promise<FileRow[]> {
    const rows = await this.#connection.rows<FileRow>(
      `SELECT f.file_id AS "fileId", f.path, f.language, f.scope, f.chunk_count AS "chunkCount"
       FROM sextant.view_files v JOIN sextant.files f ON f.repository_id = v.repository_id AND f.file_id = v.file_id
       WHERE v.repository_id = $1 AND v.view_id = $2 ORDER BY f.path COLLATE "C"`,
      [repositoryId, viewId],
    );
    return rows.filter(({ fileId }) => !hidden.has(fileId));
  }
}

export interface ListedFile {
  readonly fileId: number;
  readonly path: string;
  /** Hexadecimal. */
  readonly contentHash: string;
  /** Chunks that are not shared, for they look like secrets. */
  readonly withheld: number;
}

/** Files of a view with the hashes of their contents. */
export function listView(statements: Statements, repositoryId: number, viewId: number): Promise<ListedFile[]> {
  return statements.rows<ListedFile>(
    `SELECT f.file_id AS "fileId", f.path, encode(f.content_hash, 'hex') AS "contentHash", f.withheld
     FROM sextant.view_files v JOIN sextant.files f ON f.repository_id = v.repository_id AND f.file_id = v.file_id
     WHERE v.repository_id = $1 AND v.view_id = $2`,
    [repositoryId, viewId],
  );
}

/** Whether the view has the chunk. */
export function isAlive({ blocks }: ViewSnapshot, chunkId: number): boolean {
  const block = blocks.get(Math.floor(chunkId / blockSize));
  return block !== undefined && block.lengths[chunkId % blockSize]! > 0;
}
