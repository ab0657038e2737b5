import { appendPosting, appendRecord, fieldNames, hashOfTerm } from './postingCodec.ts';

/** Index terms of one chunk by field, repetitions kept. */
export type ChunkTerms = Readonly<Record<(typeof fieldNames)[number], readonly string[]>>;

const fieldsOfTerm = fieldNames.length;
const longestLength = 0xffff;
const highestCount = 0xff;

/** The terms of one chunk, each once. */
export interface TermCounts {
  /** Hash of each term, in the order in which they first stand. Two terms of one hash are one. */
  readonly hashes: Uint32Array;
  /** How often each stands in each field: five numbers a term, in the order of the fields. */
  readonly counts: Uint8Array;
  /** Length of the chunk as BM25 counts it. */
  readonly length: number;
}

export function countTerms(terms: ChunkTerms): TermCounts {
  const places = new Map<number, number>();
  const counts: number[] = [];
  let length = 0;
  for (let field = 0; field < fieldsOfTerm; field += 1) {
    for (const term of terms[fieldNames[field]!]) {
      const hash = hashOfTerm(term);
      let place = places.get(hash);
      if (place === undefined) {
        place = places.size;
        places.set(hash, place);
        for (let i = 0; i < fieldsOfTerm; i += 1) counts.push(0);
      }
      const at = place * fieldsOfTerm + field;
      counts[at] = Math.min(highestCount, counts[at]! + 1);
      length += 1;
    }
  }
  // Zero means gone, so a chunk without a single term counts as one of length one.
  return {
    hashes: Uint32Array.from(places.keys()),
    counts: Uint8Array.from(counts),
    length: Math.min(longestLength, Math.max(1, length)),
  };
}

/** The terms of several chunks, one after another: an object for each would be slow to hand to another thread. */
export interface PackedTerms {
  /** Number of terms of each chunk. */
  readonly sizes: Uint32Array;
  readonly lengths: Uint16Array;
  readonly hashes: Uint32Array;
  readonly counts: Uint8Array;
}

export function packTerms(chunks: readonly TermCounts[]): PackedTerms {
  const sizes = Uint32Array.from(chunks, ({ hashes }) => hashes.length);
  const terms = sizes.reduce((sum, size) => sum + size, 0);
  const hashes = new Uint32Array(terms);
  const counts = new Uint8Array(terms * fieldsOfTerm);
  let at = 0;
  for (const chunk of chunks) {
    hashes.set(chunk.hashes, at);
    counts.set(chunk.counts, at * fieldsOfTerm);
    at += chunk.hashes.length;
  }
  return { sizes, lengths: Uint16Array.from(chunks, ({ length }) => length), hashes, counts };
}

/** Views of what was packed, a chunk each. */
export function unpackTerms({ sizes, lengths, hashes, counts }: PackedTerms): TermCounts[] {
  let end = 0;
  return Array.from(sizes, (size, chunk) => {
    const start = end;
    end += size;
    return {
      hashes: hashes.subarray(start, end),
      counts: counts.subarray(start * fieldsOfTerm, end * fieldsOfTerm),
      length: lengths[chunk]!,
    };
  });
}

/** What was gathered of one term in one block. */
interface TermPostings {
  count: number;
  readonly bytes: number[];
}

/** Gathers the postings of the chunks of one block, see `postingCodec.ts`. */
export class BlockPostings {
  readonly #terms = new Map<number, TermPostings>();

  /** Chunks must come in the order of their ids. */
  add(localId: number, { hashes, counts }: TermCounts): void {
    for (let i = 0; i < hashes.length; i += 1) {
      const hash = hashes[i]!;
      let entry = this.#terms.get(hash);
      if (entry === undefined) this.#terms.set(hash, (entry = { count: 0, bytes: [] }));
      entry.count += 1;
      appendPosting(entry.bytes, localId, counts, i * fieldsOfTerm);
    }
  }

  /** Bytes by row. `rowOf`: the row of a term by its hash. */
  rows(rowOf: (hash: number) => number): Map<number, number[]> {
    const rows = new Map<number, number[]>();
    for (const [hash, { count, bytes: postings }] of this.#terms) {
      const row = rowOf(hash);
      let bytes = rows.get(row);
      if (bytes === undefined) rows.set(row, (bytes = []));
      appendRecord(bytes, hash, count, postings);
    }
    return rows;
  }
}
