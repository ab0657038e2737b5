import type { SearchScope, SymbolKind } from '../../shared/search.ts';
import type { Labels } from './labels.ts';
import { StatementCache, type Sqlite } from './sqlite.ts';

/** A file of the serving set as another store may take it over. */
export interface WholeFile {
  readonly path: string;
  readonly contentHash: string;
  readonly language: string;
  readonly scope: SearchScope;
  readonly degraded: string | undefined;
  readonly chunks: readonly WholeChunk[];
  readonly symbols: readonly WholeSymbol[];
}

export interface WholeChunk {
  readonly kind: SymbolKind;
  readonly definition: boolean;
  readonly startLine: number;
  readonly endLine: number;
  readonly textHash: Buffer;
  readonly name: string;
  readonly symbol: string;
  readonly signature: string;
  readonly doc: string;
  readonly text: string;
  /** In its stored form, see `vectorCodec.ts`; null where the chunk is not embedded. */
  readonly vector: Buffer | null;
}

export interface WholeSymbol {
  /** Place of its chunk among the file's. */
  readonly chunk: number;
  readonly name: string;
  readonly kind: SymbolKind;
  readonly line: number;
}

interface FileHead {
  readonly path: string;
  readonly contentHash: string;
  readonly languageId: number;
  readonly scopeId: number;
  readonly degraded: string | null;
}

interface RawChunk extends Omit<WholeChunk, 'kind' | 'definition'> {
  readonly id: number;
  readonly kindId: number;
  readonly definition: number;
}

/** Reads files with everything that belongs to them. */
export class WholeFiles {
  readonly #labels: Labels;
  readonly #statements: StatementCache;

  constructor(db: Sqlite, labels: Labels) {
    this.#labels = labels;
    this.#statements = new StatementCache(db);
  }

  /** Files of a set with the hashes of their contents, in the order of their paths. */
  list(chunkSetId: number): { readonly fileId: number; readonly path: string; readonly contentHash: string }[] {
    return this.#statements
      .get('SELECT id AS fileId, path, content_hash AS contentHash FROM files WHERE chunk_set_id = ? ORDER BY path')
      .all(chunkSetId) as { fileId: number; path: string; contentHash: string }[];
  }

  /** Undefined for a file that is gone. `generationId`: whose vectors. */
  read(fileId: number, generationId: number | undefined): WholeFile | undefined {
    const head = this.#statements
      .get(
        `SELECT path, content_hash AS contentHash, language_id AS languageId, scope_id AS scopeId, degraded
         FROM files WHERE id = ?`,
      )
      .get(fileId) as FileHead | undefined;
    if (head === undefined) return undefined;
    const chunks = this.#chunks(fileId, generationId);
    const places = new Map(chunks.map(({ id }, place) => [id, place]));
    const { languageId, scopeId, degraded, ...rest } = head;
    return {
      ...rest,
      language: this.#labels.nameOf(languageId),
      scope: this.#labels.nameOf(scopeId) as SearchScope,
      degraded: degraded ?? undefined,
      chunks: chunks.map(({ kindId, definition, ...chunk }) => ({
        ...chunk,
        kind: this.#labels.nameOf(kindId) as SymbolKind,
        definition: definition === 1,
      })),
      symbols: this.#symbols(fileId, places),
    };
  }

  #chunks(fileId: number, generationId: number | undefined): RawChunk[] {
    return this.#statements
      .get(
        `SELECT c.id, c.kind_id AS kindId, c.definition, c.start_line AS startLine, c.end_line AS endLine,
         c.text_hash AS textHash, c.name, c.symbol, t.signature, t.doc, t.text, e.vector
         FROM chunks c JOIN chunk_texts t ON t.chunk_id = c.id
         LEFT JOIN chunk_embeddings ce ON ce.generation_id = ? AND ce.chunk_id = c.id
         LEFT JOIN embeddings e ON e.id = ce.embedding_id
         WHERE c.file_id = ? ORDER BY c.id`,
      )
      .all(generationId ?? -1, fileId) as RawChunk[];
  }

  #symbols(fileId: number, places: ReadonlyMap<number, number>): WholeSymbol[] {
    const rows = this.#statements
      .get(
        `SELECT s.chunk_id AS chunkId, s.name, s.kind_id AS kindId, s.line
         FROM chunks c JOIN symbols s ON s.chunk_id = c.id WHERE c.file_id = ? ORDER BY s.id`,
      )
      .all(fileId) as { chunkId: number; name: string; kindId: number; line: number }[];
    return rows.map(({ chunkId, kindId, ...symbol }) => ({
      ...symbol,
      chunk: places.get(chunkId)!,
      kind: this.#labels.nameOf(kindId) as SymbolKind,
    }));
  }
}
