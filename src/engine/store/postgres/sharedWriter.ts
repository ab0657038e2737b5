import { blockSize } from '../postingCodec.ts';
import { BlockPostings } from '../termPostings.ts';
import { storedIntegers } from '../vectorCodec.ts';
import type { PostgresConnection, Statements } from './postgresConnection.ts';
import { keyOf, type FileKey, type SharedChunk, type SharedFile } from './sharedFile.ts';
import { vectorTable, type SharedModel } from './vectorTable.ts';

/** 2^11 buckets a segment: about one row a chunk, half a kilobyte each. */
export const sharedBucketMask = (1 << 11) - 1;
const vectorsPerStatement = 2000;

export interface WriterTarget {
  readonly repositoryId: number;
  readonly chunker: string;
  readonly model: SharedModel | undefined;
}

interface PlacedChunk {
  readonly fileId: number;
  readonly chunk: SharedChunk;
  readonly chunkId: number;
  readonly length: number;
}

/** Text that PostgreSQL takes: it knows no zero and no half of a surrogate pair. */
function storable(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\u{fffd}');
}

/** Adds files and vectors to a shared index. What is there already is left as it is, so several may write the same at once. */
export class SharedWriter {
  readonly #connection: PostgresConnection;
  readonly #target: WriterTarget;

  constructor(connection: PostgresConnection, target: WriterTarget) {
    this.#connection = connection;
    this.#target = target;
  }

  /** Which of the files are there, with their ids, by {@link keyOf}. */
  async known(files: readonly FileKey[]): Promise<Map<string, number>> {
    const { repositoryId, chunker } = this.#target;
    const rows = await this.#connection.rows<{ fileId: number; path: string; contentHash: string }>(
      `SELECT f.file_id AS "fileId", f.path, encode(f.content_hash, 'hex') AS "contentHash"
       FROM unnest($3::text[], $4::text[]) AS w (path, hash)
       JOIN sextant.files f ON f.repository_id = $1 AND f.chunker = $2 AND f.path = w.path
         AND f.content_hash = decode(w.hash, 'hex')`,
      [repositoryId, chunker, files.map(({ path }) => path), files.map(({ contentHash }) => contentHash)],
    );
    return new Map(rows.map((row) => [keyOf(row), row.fileId]));
  }

  /** Adds the files that are not there yet, with their vectors: all or, where it fails, none of them. */
  async add(files: readonly SharedFile[]): Promise<void> {
    // One order for everybody, so that two writers wait for each other instead of both being in the way.
    const ordered = files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
    await this.#connection.transaction(async (statements) => {
      const ids = await this.#insertFiles(statements, ordered);
      const ours = ordered.filter((file) => ids.has(keyOf(file)));
      const chunks = ours.flatMap((file) => file.chunks.map((chunk) => ({ fileId: ids.get(keyOf(file))!, chunk })));
      const placed: PlacedChunk[] = [];
      for (let from = 0; from < chunks.length; from += blockSize) {
        placed.push(...(await this.#insertSegment(statements, chunks.slice(from, from + blockSize))));
      }
      await this.#insertChunks(statements, placed);
      await this.#insertSymbols(statements, ours, ids, placed);
      await this.#insertVectors(
        statements,
        placed.map(({ chunk }) => chunk),
      );
    });
  }

  /** Which of the texts, by hash in hexadecimal, have no vector of the model yet. */
  async withoutVector(textHashes: readonly Buffer[]): Promise<Set<string>> {
    const { repositoryId, model } = this.#target;
    if (model === undefined) return new Set();
    const rows = await this.#connection.rows<{ hash: string }>(
      `SELECT encode(w.hash, 'hex') AS hash FROM unnest($2::bytea[]) AS w (hash)
       WHERE NOT EXISTS (SELECT 1 FROM ${vectorTable(model.modelId)} v WHERE v.repository_id = $1 AND v.text_hash = w.hash)`,
      [repositoryId, textHashes],
    );
    return new Set(rows.map(({ hash }) => hash));
  }

  /** Adds the vectors of chunks that are there without them. */
  async addVectors(chunks: readonly Pick<SharedChunk, 'textHash' | 'vector'>[]): Promise<void> {
    await this.#connection.transaction((statements) => this.#insertVectors(statements, chunks));
  }

  /**
   * Lets the server count what came; it leaves out tables whose owner this user is not. Nor are the vectors waited for while a graph is being
   * made over them: the graph would wait in turn, and the server end one of both.
   */
  async analyze(): Promise<void> {
    const { model } = this.#target;
    const tables = ['files', 'chunks', 'symbols', 'postings', 'view_files'].map((table) => `sextant.${table}`);
    await this.#connection.rows(`ANALYZE ${tables.join(', ')}`);
    if (model !== undefined) await this.#connection.rows(`ANALYZE (SKIP_LOCKED) ${vectorTable(model.modelId)}`);
  }

  async #insertFiles(statements: Statements, files: readonly SharedFile[]): Promise<Map<string, number>> {
    const { repositoryId, chunker } = this.#target;
    const rows = await statements.rows<{ fileId: number; path: string; contentHash: string }>(
      `INSERT INTO sextant.files
         (repository_id, chunker, path, content_hash, language, scope, degraded, chunk_count, withheld)
       SELECT $1, $2, path, decode(hash, 'hex'), language, scope, degraded, chunk_count, withheld
       FROM unnest($3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::integer[], $9::integer[])
         AS w (path, hash, language, scope, degraded, chunk_count, withheld)
       ON CONFLICT DO NOTHING
       RETURNING file_id AS "fileId", path, encode(content_hash, 'hex') AS "contentHash"`,
      [
        repositoryId,
        chunker,
        files.map(({ path }) => path),
        files.map(({ contentHash }) => contentHash),
        files.map(({ language }) => language),
        files.map(({ scope }) => scope),
        files.map(({ degraded }) => degraded ?? null),
        files.map(({ chunks }) => chunks.length),
        files.map(({ withheld }) => withheld),
      ],
    );
    return new Map(rows.map((row) => [keyOf(row), row.fileId]));
  }

  async #insertSegment(
    statements: Statements,
    chunks: readonly { readonly fileId: number; readonly chunk: SharedChunk }[],
  ): Promise<PlacedChunk[]> {
    const { repositoryId } = this.#target;
    const [segment] = await statements.rows<{ id: number }>(
      'INSERT INTO sextant.segments (repository_id, chunks) VALUES ($1, $2) RETURNING segment_id AS id',
      [repositoryId, chunks.length],
    );
    const segmentId = segment!.id;
    const postings = new BlockPostings();
    const placed = chunks.map(({ fileId, chunk }, place) => {
      postings.add(place, chunk.terms);
      return { fileId, chunk, chunkId: segmentId * blockSize + place, length: chunk.terms.length };
    });
    const rows = [...postings.rows((hash) => hash & sharedBucketMask)];
    await statements.rows(
      `INSERT INTO sextant.postings (repository_id, segment_id, bucket, data)
       SELECT $1, $2, bucket, data FROM unnest($3::integer[], $4::bytea[]) AS w (bucket, data)`,
      [repositoryId, segmentId, rows.map(([bucket]) => bucket), rows.map(([, bytes]) => Buffer.from(bytes))],
    );
    return placed;
  }

  async #insertChunks(statements: Statements, placed: readonly PlacedChunk[]): Promise<void> {
    if (placed.length === 0) return;
    const of = <T>(value: (chunk: SharedChunk) => T): T[] => placed.map(({ chunk }) => value(chunk));
    await statements.rows(
      `INSERT INTO sextant.chunks (repository_id, chunk_id, file_id, length, kind, definition, start_line, end_line,
         text_hash, name, symbol, signature, doc, text)
       SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::integer[], $5::text[], $6::boolean[], $7::integer[],
         $8::integer[], $9::bytea[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[])`,
      [
        this.#target.repositoryId,
        placed.map(({ chunkId }) => chunkId),
        placed.map(({ fileId }) => fileId),
        placed.map(({ length }) => length),
        of(({ kind }) => kind),
        of(({ definition }) => definition),
        of(({ startLine }) => startLine),
        of(({ endLine }) => endLine),
        of(({ textHash }) => textHash),
        of(({ name }) => storable(name)),
        of(({ symbol }) => storable(symbol)),
        of(({ signature }) => storable(signature)),
        of(({ doc }) => storable(doc)),
        of(({ text }) => storable(text)),
      ],
    );
  }

  async #insertSymbols(
    statements: Statements,
    files: readonly SharedFile[],
    ids: ReadonlyMap<string, number>,
    placed: readonly PlacedChunk[],
  ): Promise<void> {
    const firstOf = new Map<number, number>();
    for (const [place, { fileId }] of placed.entries()) if (!firstOf.has(fileId)) firstOf.set(fileId, place);
    const rows = files.flatMap((file) => {
      const fileId = ids.get(keyOf(file))!;
      const first = firstOf.get(fileId) ?? 0;
      return file.symbols.map((symbol, place) => ({
        ...symbol,
        place,
        fileId,
        chunkId: placed[first + symbol.chunk]!.chunkId,
      }));
    });
    if (rows.length === 0) return;
    await statements.rows(
      `INSERT INTO sextant.symbols (repository_id, file_id, place, chunk_id, name, kind, line)
       SELECT $1, * FROM unnest($2::bigint[], $3::integer[], $4::bigint[], $5::text[], $6::text[], $7::integer[])`,
      [
        this.#target.repositoryId,
        rows.map(({ fileId }) => fileId),
        rows.map(({ place }) => place),
        rows.map(({ chunkId }) => chunkId),
        rows.map(({ name }) => storable(name)),
        rows.map(({ kind }) => kind),
        rows.map(({ line }) => line),
      ],
    );
  }

  async #insertVectors(
    statements: Statements,
    chunks: readonly Pick<SharedChunk, 'textHash' | 'vector'>[],
  ): Promise<void> {
    const { repositoryId, model } = this.#target;
    if (model === undefined) return;
    const byHash = new Map(
      chunks.flatMap(({ textHash, vector }) => (vector === null ? [] : [[textHash.toString('hex'), vector]])),
    );
    const ordered = [...byHash].sort(([a], [b]) => (a < b ? -1 : 1));
    for (let from = 0; from < ordered.length; from += vectorsPerStatement) {
      const part = ordered.slice(from, from + vectorsPerStatement);
      await statements.rows(
        `INSERT INTO ${vectorTable(model.modelId)} (repository_id, text_hash, vector)
         SELECT $1, decode(hash, 'hex'), vector::halfvec FROM unnest($2::text[], $3::text[]) AS w (hash, vector)
         ON CONFLICT DO NOTHING`,
        [
          repositoryId,
          part.map(([hash]) => hash),
          part.map(([, vector]) => `[${storedIntegers(vector, model.dimension).join(',')}]`),
        ],
      );
    }
  }
}
