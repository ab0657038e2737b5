import type { Chunk, ChunkedFile } from '../chunk/chunk.ts';
import type { Generation } from './catalog.ts';
import type { Labels } from './labels.ts';
import { KeywordWriter } from './keywordWriter.ts';
import type { TermCounts } from './termPostings.ts';
import { vectorTable } from './searchTables.ts';
import { signBits, decodeVector } from './vectorCodec.ts';
import type { Sqlite, Statement } from './sqlite.ts';

export interface IndexedChunk {
  readonly chunk: Chunk;
  readonly terms: TermCounts;
  /** First 16 bytes of SHA-256 over the text that is embedded. */
  readonly textHash: Uint8Array;
  /** The same without the path; without it a chunk is embedded anew when its file moves. */
  readonly bodyHash?: Uint8Array;
}

/** One file as the indexer hands it over, ready to be written. */
export interface IndexedFile {
  /** Relative to the root, with forward slashes. */
  readonly path: string;
  readonly size: number;
  readonly mtimeMs: number;
  readonly contentHash: string;
  readonly language: string;
  readonly scope: ChunkedFile['scope'];
  readonly degraded?: string;
  readonly chunks: readonly IndexedChunk[];
  readonly symbols: ChunkedFile['symbols'];
}

interface GenerationStatements {
  readonly insertVector: Statement;
  readonly deleteVector: Statement;
}

/** The smallest chunk that holds `line`; the first chunk for a line between chunks. */
function chunkAtLine(chunks: readonly IndexedChunk[], line: number): number {
  let best = 0;
  let bestLength = Infinity;
  for (const [index, { chunk }] of chunks.entries()) {
    if (line < chunk.startLine || line > chunk.endLine) continue;
    const length = chunk.endLine - chunk.startLine;
    if (length < bestLength) {
      best = index;
      bestLength = length;
    }
  }
  return best;
}

/** Writes and deletes the rows of files: row, chunks, text, terms, symbols, links to known embeddings. No transactions of its own; {@link FileWriter.flush} ends each. */
export class FileWriter {
  readonly #db: Sqlite;
  readonly #labels: Labels;
  readonly #keywords = new Map<number, KeywordWriter>();
  readonly #generations = new Map<number, GenerationStatements>();
  /** Chunks that got or lost their embedding in this transaction, by generation. */
  readonly #embedded = new Map<number, number>();
  readonly #insertFile: Statement;
  readonly #insertChunk: Statement;
  readonly #insertText: Statement;
  readonly #insertSymbol: Statement;
  readonly #fileId: Statement;
  readonly #chunkIds: Statement;
  readonly #deleteFile: Statement;
  readonly #findEmbedding: Statement;
  readonly #findMoved: Statement;
  readonly #link: Statement;
  readonly #releaseEmbeddings: Statement;
  readonly #linkedOf: Statement;
  readonly #count: Statement;

  constructor(db: Sqlite, labels: Labels) {
    this.#db = db;
    this.#labels = labels;
    this.#insertFile = db.prepare(
      `INSERT INTO files (chunk_set_id, path, size, mtime_ms, content_hash, language_id, scope_id, degraded, chunk_count)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertChunk = db.prepare(
      `INSERT INTO chunks (file_id, kind_id, definition, start_line, end_line, start_offset, end_offset, text_hash, name, symbol)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    this.#insertText = db.prepare('INSERT INTO chunk_texts (chunk_id, signature, doc, text) VALUES (?, ?, ?, ?)');
    this.#insertSymbol = db.prepare('INSERT INTO symbols (chunk_id, name, kind_id, line) VALUES (?, ?, ?, ?)');
    this.#fileId = db.prepare('SELECT id FROM files WHERE chunk_set_id = ? AND path = ?').pluck();
    this.#chunkIds = db.prepare('SELECT id FROM chunks WHERE file_id = ?').pluck();
    this.#deleteFile = db.prepare('DELETE FROM files WHERE id = ?');
    this.#findEmbedding = db.prepare('SELECT id, vector FROM embeddings WHERE model_id = ? AND text_hash = ?');
    // One that a chunk still has belongs to that chunk's path.
    this.#findMoved = db.prepare(
      `SELECT id, vector FROM embeddings e WHERE model_id = ? AND body_hash = ?
       AND NOT EXISTS (SELECT 1 FROM chunk_embeddings ce WHERE ce.embedding_id = e.id) ORDER BY used_at DESC LIMIT 1`,
    );
    this.#link = db.prepare(
      'INSERT INTO chunk_embeddings (generation_id, chunk_id, embedding_id) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
    );
    this.#linkedOf = db.prepare(
      `SELECT ce.generation_id AS id, count(*) AS count FROM chunks c JOIN chunk_embeddings ce ON ce.chunk_id = c.id
       WHERE c.file_id = ? GROUP BY ce.generation_id`,
    );
    this.#count = db.prepare('UPDATE generations SET embedded = embedded + ? WHERE id = ?');
    this.#releaseEmbeddings = db.prepare(
      `UPDATE embeddings SET used_at = ? WHERE id IN
       (SELECT ce.embedding_id FROM chunks c JOIN chunk_embeddings ce ON ce.chunk_id = c.id WHERE c.file_id = ?)`,
    );
  }

  /** Replaces the file in one set; chunks whose embedding is in the cache are linked to it. */
  replace(chunkSetId: number, generations: readonly Generation[], file: IndexedFile): void {
    this.remove(chunkSetId, generations, file.path);
    const languageId = this.#labels.intern(file.language);
    const scopeId = this.#labels.intern(file.scope);
    const { lastInsertRowid: fileId } = this.#insertFile.run(
      chunkSetId,
      file.path,
      file.size,
      file.mtimeMs,
      file.contentHash,
      languageId,
      scopeId,
      file.degraded ?? null,
      file.chunks.length,
    );
    const chunkIds: bigint[] = [];
    for (const indexed of file.chunks) {
      const chunkId = this.#insertChunkRows(chunkSetId, Number(fileId), indexed);
      chunkIds.push(chunkId);
      for (const generation of generations) this.#linkKnown(generation, chunkId, indexed);
    }
    if (chunkIds.length === 0) return;
    for (const { name, kind, line } of file.symbols) {
      this.#insertSymbol.run(chunkIds[chunkAtLine(file.chunks, line)], name, this.#labels.intern(kind), line);
    }
  }

  /** False when the set does not have the file. */
  remove(chunkSetId: number, generations: readonly Generation[], path: string): boolean {
    const fileId = this.#fileId.get(chunkSetId, path) as number | undefined;
    if (fileId === undefined) return false;
    // The embeddings stay, for the file may come back; which were used last decides which go first.
    this.#releaseEmbeddings.run(Date.now(), fileId);
    for (const { id, count } of this.#linkedOf.all(fileId) as { id: number; count: number }[]) {
      this.#addEmbedded(id, -count);
    }
    for (const chunkId of this.#chunkIds.all(fileId) as number[]) {
      this.#keywordsOf(chunkSetId).remove(chunkId);
      for (const generation of generations) this.#generationStatements(generation.id).deleteVector.run(BigInt(chunkId));
    }
    this.#deleteFile.run(fileId);
    return true;
  }

  /** Writes the keyword indexes and counts that were gathered; the last thing before the transaction ends. */
  flush(): void {
    for (const keywords of this.#keywords.values()) keywords.flush();
    for (const [generationId, count] of this.#embedded) this.#count.run(count, generationId);
    this.#embedded.clear();
  }

  /** Forgets what was gathered, after a transaction that was rolled back. */
  discard(): void {
    for (const keywords of this.#keywords.values()) keywords.discard();
    this.#embedded.clear();
  }

  /** Rewrites a part of a set's keyword index that is mostly waste; false when there is none. */
  compact(chunkSetId: number): boolean {
    return this.#keywordsOf(chunkSetId).compact();
  }

  /** Makes `chunkId` searchable by the embedding; vec0 has no upsert, so the caller sees to it that it is not yet. */
  link(generation: Generation, chunkId: bigint, embeddingId: number, vector: Uint8Array): void {
    const { changes } = this.#link.run(generation.id, chunkId, embeddingId);
    if (changes === 0) return;
    this.#addEmbedded(generation.id, 1);
    const signs = signBits(decodeVector(vector, generation.dimension));
    this.#generationStatements(generation.id).insertVector.run(chunkId, signs, chunkId);
  }

  #insertChunkRows(chunkSetId: number, fileId: number, { chunk, terms, textHash }: IndexedChunk): bigint {
    const { lastInsertRowid } = this.#insertChunk.run(
      fileId,
      this.#labels.intern(chunk.kind),
      chunk.definition ? 1 : 0,
      chunk.startLine,
      chunk.endLine,
      chunk.startOffset,
      chunk.endOffset,
      textHash,
      chunk.name,
      chunk.symbol,
    );
    this.#insertText.run(lastInsertRowid, chunk.signature, chunk.doc, chunk.text);
    this.#keywordsOf(chunkSetId).add(Number(lastInsertRowid), terms);
    return BigInt(lastInsertRowid);
  }

  #linkKnown(generation: Generation, chunkId: bigint, { textHash, bodyHash }: IndexedChunk): void {
    const { modelId } = generation;
    const same = this.#findEmbedding.get(modelId, textHash);
    const known = same ?? (bodyHash && this.#findMoved.get(modelId, bodyHash));
    if (known === undefined) return;
    const { id, vector } = known as { id: number; vector: Buffer };
    this.link(generation, chunkId, id, vector);
  }

  #addEmbedded(generationId: number, count: number): void {
    this.#embedded.set(generationId, (this.#embedded.get(generationId) ?? 0) + count);
  }

  #keywordsOf(chunkSetId: number): KeywordWriter {
    let keywords = this.#keywords.get(chunkSetId);
    if (keywords === undefined) {
      keywords = new KeywordWriter(this.#db, chunkSetId);
      this.#keywords.set(chunkSetId, keywords);
    }
    return keywords;
  }

  #generationStatements(generationId: number): GenerationStatements {
    let statements = this.#generations.get(generationId);
    if (statements === undefined) {
      const table = vectorTable(generationId);
      statements = {
        insertVector: this.#db.prepare(
          `INSERT INTO ${table} (chunk_id, signs, language_id, kind_id, scope_id)
           SELECT ?, vec_bit(?), f.language_id, c.kind_id, f.scope_id
           FROM chunks c JOIN files f ON f.id = c.file_id WHERE c.id = ?`,
        ),
        deleteVector: this.#db.prepare(`DELETE FROM ${table} WHERE chunk_id = ?`),
      };
      this.#generations.set(generationId, statements);
    }
    return statements;
  }
}
