import { SextantError } from '../../shared/errors.ts';
import { maxQueryLength, type Location } from '../../shared/search.ts';
import type { Encoder } from '../runtime/encoder.ts';
import type { ChunkRow } from '../store/searchIndex.ts';
import type { SearchRoot } from './searchRoot.ts';
import { meanDirection } from './vectors.ts';

export interface SimilarQuery {
  /** The lines at the location, as they are indexed. */
  readonly text: string;
  readonly vector: Float32Array | undefined;
  readonly embedMs: number;
}

/** Below this share of the chunks they lie in, the selected lines are embedded themselves. */
const wholeChunkShare = 0.6;

function linesOf(row: ChunkRow, { startLine, endLine }: Location): string[] {
  const lines = row.text.split('\n');
  return lines.slice(Math.max(0, startLine - row.startLine), Math.max(0, endLine - row.startLine + 1));
}

/** The innermost chunks at the location: a method rather than the class that holds it. */
function innermost(rows: readonly ChunkRow[]): ChunkRow[] {
  const holds = (outer: ChunkRow, inner: ChunkRow) =>
    outer !== inner &&
    outer.startLine <= inner.startLine &&
    outer.endLine >= inner.endLine &&
    outer.endLine - outer.startLine > inner.endLine - inner.startLine;
  return rows.filter((row) => !rows.some((other) => holds(row, other)));
}

async function embedLines(text: string, encoder: Encoder, signal: AbortSignal): Promise<Float32Array | undefined> {
  try {
    const { embeddings } = await encoder.embed([text], 'document', { signal });
    return embeddings[0];
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** A root may have several indexes, each with some of its files. */
async function indexedAt(homes: readonly SearchRoot[], { path, startLine, endLine }: Location) {
  for (const { index } of homes) {
    const rows = await index.chunksAt(path, startLine, endLine);
    if (rows.length > 0) return { index, rows };
  }
  return undefined;
}

/**
 * What to look for when code like that at `location` is wanted. A selection within a chunk is embedded as it stands, whole
 * chunks answer with their stored embedding.
 * @throws SextantError `not_found` where nothing is indexed at the location.
 */
export async function similarQuery(
  homes: readonly SearchRoot[],
  location: Location,
  encoder: Encoder | undefined,
  signal: AbortSignal,
): Promise<SimilarQuery> {
  const found = await indexedAt(homes, location);
  if (found === undefined) {
    throw new SextantError('not_found', `Nothing is indexed at ${location.path}:${location.startLine}.`, {
      hint: 'Choose lines of an indexed file, or index the folder first.',
    });
  }
  const { index } = found;
  const rows = innermost(found.rows);
  const single = location.startLine === location.endLine;
  const selected = rows.flatMap((row) => linesOf(row, location));
  const available = rows.reduce((sum, row) => sum + row.endLine - row.startLine + 1, 0);
  const wholeChunks = single || selected.length >= available * wholeChunkShare;
  const text = (wholeChunks ? rows.map((row) => row.text) : [selected.join('\n')]).join('\n').slice(0, maxQueryLength);
  const started = performance.now();
  const embeddings = await index.embeddings(rows.map((row) => row.chunkId));
  const stored = meanDirection([...embeddings.values()]);
  const own = encoder !== undefined && (!wholeChunks || stored === undefined);
  const vector = own ? ((await embedLines(text, encoder, signal)) ?? stored) : stored;
  return { text, vector, embedMs: performance.now() - started };
}
