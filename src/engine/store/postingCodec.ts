/**
 * Postings of one term in one block of chunk ids, end to end in the order of the ids, so that new ones are appended:
 *
 *   id within the block  2 bytes, little endian
 *   what follows         1 byte: below 0x80 the term stands in the body alone, this often;
 *                        else the low five bits say in which fields, and a byte for each says how often
 */

/** Chunk ids are split into blocks of 2^11: large enough that a search reads few rows, small enough to rewrite on a save. */
export const blockBits = 11;
export const blockSize = 1 << blockBits;

/** In the order of the bits and of the weights. */
export const fieldNames = ['path', 'symbol', 'signature', 'doc', 'body'] as const;
const bodyField = fieldNames.length - 1;
const fieldsFlag = 0x80;

/** How often a term stands in each field of a chunk. */
export type FieldCounts = Uint8Array;

/** Appends one posting to `bytes`. */
export function appendPosting(bytes: number[], localId: number, counts: FieldCounts): void {
  bytes.push(localId & 0xff, localId >> 8);
  let mask = 0;
  for (let field = 0; field < counts.length; field += 1) if (counts[field]! > 0) mask |= 1 << field;
  if (mask === 1 << bodyField && counts[bodyField]! < fieldsFlag) {
    bytes.push(counts[bodyField]!);
    return;
  }
  bytes.push(fieldsFlag | mask);
  for (const count of counts) if (count > 0) bytes.push(count);
}

/** What scores postings: BM25 with the idf and the constant (k1 + 1) multiplied into one factor. */
export interface PostingScorer {
  /** By field, in the order of {@link fieldNames}. */
  readonly weights: Float64Array;
  /** By id within the block: what the length of the chunk adds to the denominator, infinite for a chunk that is gone. */
  readonly norms: Float32Array;
  /** By id within the block; scores are added to it. */
  readonly scores: Float32Array;
}

/** Adds `factor · f / (f + norm)` to the score of each chunk in `data`, f being its counts summed by weight. */
export function scorePostings(data: Uint8Array, factor: number, { weights, norms, scores }: PostingScorer): void {
  const bodyWeight = weights[bodyField]!;
  for (let at = 0; at < data.length;) {
    const localId = data[at]! | (data[at + 1]! << 8);
    const head = data[at + 2]!;
    at += 3;
    let frequency = head * bodyWeight;
    if (head >= fieldsFlag) {
      frequency = 0;
      for (let field = 0; field <= bodyField; field += 1) {
        if ((head & (1 << field)) === 0) continue;
        frequency += data[at]! * weights[field]!;
        at += 1;
      }
    }
    scores[localId]! += (factor * frequency) / (frequency + norms[localId]!);
  }
}

/** How many of the postings belong to chunks that are there, by the lengths of the block. */
export function countPostings(data: Uint8Array, lengths: Uint16Array): number {
  let count = 0;
  for (let at = 0; at < data.length; at = endOfPosting(data, at)) {
    if (lengths[data[at]! | (data[at + 1]! << 8)]! > 0) count += 1;
  }
  return count;
}

function endOfPosting(data: Uint8Array, start: number): number {
  const head = data[start + 2]!;
  let end = start + 3;
  if (head < fieldsFlag) return end;
  for (let field = 0; field <= bodyField; field += 1) if ((head & (1 << field)) !== 0) end += 1;
  return end;
}

/** The postings of the chunks that `keep` lets through, and how many those are. */
export function filterPostings(data: Uint8Array, keep: (localId: number) => boolean): { data: Buffer; count: number } {
  const kept: Uint8Array[] = [];
  for (let at = 0; at < data.length;) {
    const end = endOfPosting(data, at);
    if (keep(data[at]! | (data[at + 1]! << 8))) kept.push(data.subarray(at, end));
    at = end;
  }
  return { data: Buffer.concat(kept), count: kept.length };
}
