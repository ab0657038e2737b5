/**
 * How the keyword index lies in its rows. Chunk ids are split into blocks, terms by their hash into buckets; a row holds one
 * bucket of one block: records end to end, each the postings of one term that one transaction appended.
 *
 *   hash of the term       4 bytes, little endian
 *   number of postings     2 bytes
 *   bytes of postings      2 bytes
 *   postings, in the order of the ids, each
 *     id within the block  2 bytes
 *     what follows         1 byte: below 0x80 the term stands in the body alone, this often;
 *                          else the low five bits say in which fields, and a byte for each says how often
 *
 * Few rows, appended to, make writing cheap; that a search must skip the other records of its buckets costs it little. Two terms
 * of one hash count as one: with a million terms that befalls one question in some thousand, and then one word of it.
 */

/** 2^11 chunks: few rows for a search to read, little to rewrite for a file that is saved. */
export const blockBits = 11;
export const blockSize = 1 << blockBits;
const bucketBits = 9;
const bucketMask = (1 << bucketBits) - 1;

/** In the order of the bits and of the weights. */
export const fieldNames = ['path', 'symbol', 'signature', 'doc', 'body'] as const;
const bodyField = fieldNames.length - 1;
const fieldsFlag = 0x80;
const fieldMask = (1 << fieldNames.length) - 1;
/** Number of fields that a mask names. */
const fieldCount = Uint8Array.from(
  { length: fieldMask + 1 },
  (_, mask) => fieldNames.filter((_name, i) => (mask & (1 << i)) !== 0).length,
);
const recordHeader = 8;

/** FNV-1a over the UTF-16 units of a term. */
export function hashOfTerm(term: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < term.length; i += 1) hash = Math.imul(hash ^ term.charCodeAt(i), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** Row of a term's bucket in a block. */
export function rowOf(blockId: number, hash: number): number {
  return (blockId << bucketBits) | (hash & bucketMask);
}

/** Rows of a block, from the first to before the second. */
export function rowsOfBlock(blockId: number): readonly [number, number] {
  return [blockId << bucketBits, (blockId + 1) << bucketBits];
}

/** Appends one posting to `bytes`; `counts` says, from `from` on, how often the term stands in each field. */
export function appendPosting(bytes: number[], localId: number, counts: Uint8Array, from = 0): void {
  bytes.push(localId & 0xff, localId >> 8);
  let mask = 0;
  for (let field = 0; field <= bodyField; field += 1) if (counts[from + field]! > 0) mask |= 1 << field;
  const inBody = counts[from + bodyField]!;
  if (mask === 1 << bodyField && inBody < fieldsFlag) {
    bytes.push(inBody);
    return;
  }
  bytes.push(fieldsFlag | mask);
  for (let at = from; at <= from + bodyField; at += 1) if (counts[at]! > 0) bytes.push(counts[at]!);
}

/** Appends a record to `bytes`. */
export function appendRecord(bytes: number[], hash: number, count: number, postings: ArrayLike<number>): void {
  const { length } = postings;
  bytes.push(hash & 0xff, (hash >>> 8) & 0xff, (hash >>> 16) & 0xff, hash >>> 24);
  bytes.push(count & 0xff, count >> 8, length & 0xff, length >> 8);
  for (let i = 0; i < length; i += 1) bytes.push(postings[i]!);
}

/** Calls back with each record of a row, or of one hash only. */
export function forEachRecord(
  row: Uint8Array,
  wanted: number | undefined,
  visit: (postings: Uint8Array, count: number, hash: number) => void,
): void {
  for (let at = 0; at < row.length;) {
    const hash = (row[at]! | (row[at + 1]! << 8) | (row[at + 2]! << 16) | (row[at + 3]! << 24)) >>> 0;
    const end = at + recordHeader + (row[at + 6]! | (row[at + 7]! << 8));
    if (wanted === undefined || hash === wanted) {
      visit(row.subarray(at + recordHeader, end), row[at + 4]! | (row[at + 5]! << 8), hash);
    }
    at = end;
  }
}

/** What the postings of one block are weighed by. */
export interface PostingWeights {
  /** By field, in the order of {@link fieldNames}. */
  readonly fields: Float64Array;
  /** By slot: what the length of the chunk adds to the denominator, infinite for a chunk that is gone. */
  readonly norms: Float32Array;
  /** Slot of the block's first chunk. */
  readonly first: number;
}

/** Counts of the posting that `at` is behind the head of, summed by weight; `head` has the flag {@link fieldsFlag}. */
function weighted(postings: Uint8Array, at: number, head: number, fields: Float64Array): number {
  let frequency = 0;
  let byte = at;
  for (let field = 0; field <= bodyField; field += 1) {
    if ((head & (1 << field)) === 0) continue;
    frequency += postings[byte]! * fields[field]!;
    byte += 1;
  }
  return frequency;
}

/** Adds `factor · f / (f + norm)` to the score of each chunk in `postings`, by slot, f being its counts summed by weight. */
export function scorePostings(
  postings: Uint8Array,
  { fields, norms, first }: PostingWeights,
  factor: number,
  scores: Float32Array,
): void {
  const bodyWeight = fields[bodyField]!;
  for (let at = 0; at < postings.length;) {
    const slot = first + (postings[at]! | (postings[at + 1]! << 8));
    const head = postings[at + 2]!;
    at += 3;
    let frequency = head * bodyWeight;
    if (head >= fieldsFlag) {
      frequency = weighted(postings, at, head, fields);
      at += fieldCount[head & fieldMask]!;
    }
    scores[slot]! += (factor * frequency) / (frequency + norms[slot]!);
  }
}

/**
 * Takes postings apart for many searches: the slot of each chunk that is there and its `f / (f + norm)`, from place `at` of the arrays on.
 * Returns the place behind the last.
 */
export function decodePostings(
  postings: Uint8Array,
  { fields, norms, first }: PostingWeights,
  { slots, impacts }: { readonly slots: Uint32Array; readonly impacts: Float32Array },
  at: number,
): number {
  const bodyWeight = fields[bodyField]!;
  let place = at;
  for (let byte = 0; byte < postings.length;) {
    const slot = first + (postings[byte]! | (postings[byte + 1]! << 8));
    const head = postings[byte + 2]!;
    byte += 3;
    let frequency = head * bodyWeight;
    if (head >= fieldsFlag) {
      frequency = weighted(postings, byte, head, fields);
      byte += fieldCount[head & fieldMask]!;
    }
    const norm = norms[slot]!;
    if (norm === Infinity) continue;
    slots[place] = slot;
    impacts[place] = frequency / (frequency + norm);
    place += 1;
  }
  return place;
}

function endOfPosting(postings: Uint8Array, start: number): number {
  const head = postings[start + 2]!;
  return start + 3 + (head < fieldsFlag ? 0 : fieldCount[head & fieldMask]!);
}

/** How many of the postings belong to chunks that are there, by the lengths of the block. */
export function countPostings(postings: Uint8Array, lengths: Uint16Array): number {
  let count = 0;
  for (let at = 0; at < postings.length; at = endOfPosting(postings, at)) {
    if (lengths[postings[at]! | (postings[at + 1]! << 8)]! > 0) count += 1;
  }
  return count;
}

/** Calls back with the mark, by slot, of each posting's chunk that has one; 0 is none. `first`: slot of the block's first chunk. */
export function forEachMarked(
  postings: Uint8Array,
  first: number,
  marks: Uint32Array,
  visit: (mark: number) => void,
): void {
  for (let at = 0; at < postings.length; at = endOfPosting(postings, at)) {
    const mark = marks[first + (postings[at]! | (postings[at + 1]! << 8))]!;
    if (mark > 0) visit(mark);
  }
}

/** The row with one record a term, and without the postings of chunks that are gone. */
export function mergedRow(row: Uint8Array, lengths: Uint16Array): Buffer {
  const merged = new Map<number, { count: number; readonly bytes: number[] }>();
  forEachRecord(row, undefined, (postings, _count, hash) => {
    let record = merged.get(hash);
    if (record === undefined) merged.set(hash, (record = { count: 0, bytes: [] }));
    for (let at = 0; at < postings.length;) {
      const end = endOfPosting(postings, at);
      if (lengths[postings[at]! | (postings[at + 1]! << 8)]! > 0) {
        record.count += 1;
        for (let i = at; i < end; i += 1) record.bytes.push(postings[i]!);
      }
      at = end;
    }
  });
  const bytes: number[] = [];
  for (const [hash, { count, bytes: postings }] of merged) {
    if (count > 0) appendRecord(bytes, hash, count, postings);
  }
  return Buffer.from(bytes);
}
