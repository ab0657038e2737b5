import { hash } from 'node:crypto';
import type { Chunk, ChunkedFile } from '../chunk/chunk.ts';
import type { IndexedChunk } from '../store/fileWriter.ts';
import { packTerms, unpackTerms, type PackedTerms } from '../store/termPostings.ts';
import { codeTokens } from '../text/codeTokens.ts';
import { chunkTerms } from './chunkTerms.ts';

const hashBytes = 16;

/** Key of an embedding within a model: 128 bits of SHA-256 over the text that is embedded. */
export function textHashOf(text: string): Buffer {
  return hash('sha256', text, 'buffer').subarray(0, hashBytes);
}

/** As {@link textHashOf}, over all that is embedded but the path. */
export function bodyHashOf({ symbol, signature, doc, text }: Chunk): Buffer {
  return textHashOf(JSON.stringify([symbol, signature, doc, text]));
}

/** A file's chunks with what they are found by, packed so that threads hand it over without a copy. */
export interface AnalysedFile extends ChunkedFile {
  readonly terms: PackedTerms;
  /** 16 bytes a chunk, see {@link textHashOf}. */
  readonly textHashes: Uint8Array;
  /** 16 bytes a chunk, see {@link bodyHashOf}. */
  readonly bodyHashes: Uint8Array;
}

/** `embeddingText`: what is embedded of a chunk. */
export function analyseFile(
  path: string,
  file: ChunkedFile,
  embeddingText: (path: string, chunk: Chunk) => string,
): AnalysedFile {
  const { chunks } = file;
  const pathTerms = codeTokens(path);
  const textHashes = new Uint8Array(chunks.length * hashBytes);
  const bodyHashes = new Uint8Array(chunks.length * hashBytes);
  for (const [i, chunk] of chunks.entries()) {
    textHashes.set(textHashOf(embeddingText(path, chunk)), i * hashBytes);
    bodyHashes.set(bodyHashOf(chunk), i * hashBytes);
  }
  return { ...file, terms: packTerms(chunks.map((chunk) => chunkTerms(chunk, pathTerms))), textHashes, bodyHashes };
}

/** The memory that a thread may give away with the file. */
export function transferOf({ terms, textHashes, bodyHashes }: AnalysedFile): ArrayBuffer[] {
  const arrays = [terms.sizes, terms.lengths, terms.hashes, terms.counts, textHashes, bodyHashes];
  return arrays.map(({ buffer }) => buffer as ArrayBuffer);
}

/** The chunks as the store wants them. */
export function indexedChunks({ chunks, terms, textHashes, bodyHashes }: AnalysedFile): IndexedChunk[] {
  const unpacked = unpackTerms(terms);
  const hashAt = (hashes: Uint8Array, i: number): Uint8Array => hashes.subarray(i * hashBytes, (i + 1) * hashBytes);
  return chunks.map((chunk, i) => ({
    chunk,
    terms: unpacked[i]!,
    textHash: hashAt(textHashes, i),
    bodyHash: hashAt(bodyHashes, i),
  }));
}
