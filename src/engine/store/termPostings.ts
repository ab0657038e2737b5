import { appendPosting, appendRecord, fieldNames, hashOfTerm } from './postingCodec.ts';

/** Index terms of one chunk by field, repetitions kept. */
export type ChunkTerms = Readonly<Record<(typeof fieldNames)[number], readonly string[]>>;

const longestLength = 0xffff;
const highestCount = 0xff;

/** What was gathered of one term in one block; the posting of the last chunk is still being counted. */
class TermPostings {
  readonly hash: number;
  count = 0;
  readonly bytes: number[] = [];
  readonly #counts = new Uint8Array(fieldNames.length);
  #localId = -1;

  constructor(term: string) {
    this.hash = hashOfTerm(term);
  }

  add(localId: number, field: number): void {
    if (localId !== this.#localId) {
      this.finish();
      this.#localId = localId;
      this.count += 1;
    }
    if (this.#counts[field]! < highestCount) this.#counts[field]! += 1;
  }

  finish(): void {
    if (this.#localId === -1) return;
    appendPosting(this.bytes, this.#localId, this.#counts);
    this.#counts.fill(0);
    this.#localId = -1;
  }
}

/** Gathers the postings of the chunks of one block, see `postingCodec.ts`. */
export class BlockPostings {
  readonly #terms = new Map<string, TermPostings>();

  /** Chunks must come in the order of their ids. Returns the length of the chunk as BM25 counts it. */
  add(localId: number, terms: ChunkTerms): number {
    let length = 0;
    for (let field = 0; field < fieldNames.length; field += 1) {
      for (const term of terms[fieldNames[field]!]) {
        let entry = this.#terms.get(term);
        if (entry === undefined) this.#terms.set(term, (entry = new TermPostings(term)));
        entry.add(localId, field);
        length += 1;
      }
    }
    // Zero means gone, so a chunk without a single term counts as one of length one.
    return Math.min(longestLength, Math.max(1, length));
  }

  /** Bytes by row; the last thing that is asked. `rowOf`: the row of a term by its hash. */
  rows(rowOf: (hash: number) => number): Map<number, number[]> {
    const rows = new Map<number, number[]>();
    for (const entry of this.#terms.values()) {
      entry.finish();
      const row = rowOf(entry.hash);
      let bytes = rows.get(row);
      if (bytes === undefined) rows.set(row, (bytes = []));
      appendRecord(bytes, entry.hash, entry.count, entry.bytes);
    }
    return rows;
  }
}
