import {
  blockSize,
  countPostings,
  decodePostings,
  fieldNames,
  forEachMarked,
  scorePostings,
  type PostingWeights,
} from './postingCodec.ts';
import type { Candidate, FieldWeights, KeywordMatches } from './searchIndex.ts';

/** Constants of BM25 as FTS5, Lucene and most others have them. */
const k1 = 1.2;
const b = 0.75;
/** Of a score's bits as a 32-bit float, those left after this shift tell it to an eighth of its power of two. */
const coarseShift = 20;
/** Scores by which the bound is told above which so many lie, and how many more than wanted should lie above it. */
const sampled = 16_384;
const sampleMargin = 1.5;

/** The chunks of one block that are there: see `postingCodec.ts`. */
export interface BlockRow {
  readonly block: number;
  /** Chunks whose postings are in the block. */
  readonly used: number;
  readonly alive: number;
  /** Terms of those alive. */
  readonly tokens: number;
  /** Number of terms of each chunk, 0 for one that is gone; `[blockSize]`. */
  readonly lengths: Uint16Array;
}

/** The postings of one term in one block; a block may hold several. */
export interface PostingList {
  readonly block: number;
  readonly count: number;
  readonly postings: Uint8Array;
}

/** What a term says about the chunks that hold it, by slot (see {@link Slots}). */
export interface TermMatches {
  /** Number of those that are there. */
  readonly frequency: number;
  /** Adds `factor · f / (f + norm)` to the score of each, f being how often it holds the term, by the weights of the fields. */
  score(factor: number, scores: Float32Array): void;
  /** Calls back with the mark of each that has one; 0 is none. */
  forEachMarked(marks: Uint32Array, visit: (mark: number) => void): void;
}

interface PlacedList {
  readonly postings: Uint8Array;
  readonly weights: PostingWeights;
}

/** As the postings lie in their rows: for one search. */
class EncodedMatches implements TermMatches {
  readonly frequency: number;
  readonly #lists: readonly PlacedList[];

  constructor(frequency: number, lists: readonly PlacedList[]) {
    this.frequency = frequency;
    this.#lists = lists;
  }

  score(factor: number, scores: Float32Array): void {
    for (const { postings, weights } of this.#lists) scorePostings(postings, weights, factor, scores);
  }

  forEachMarked(marks: Uint32Array, visit: (mark: number) => void): void {
    for (const { postings, weights } of this.#lists) forEachMarked(postings, weights.first, marks, visit);
  }
}

/** Taken apart, three times as large, for as many searches as it is kept for. */
export class DecodedMatches implements TermMatches {
  readonly #slots: Uint32Array;
  readonly #impacts: Float32Array;

  constructor(frequency: number, lists: readonly PlacedList[]) {
    this.#slots = new Uint32Array(frequency);
    this.#impacts = new Float32Array(frequency);
    let at = 0;
    for (const { postings, weights } of lists) {
      at = decodePostings(postings, weights, { slots: this.#slots, impacts: this.#impacts }, at);
    }
  }

  get frequency(): number {
    return this.#slots.length;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#impacts.byteLength;
  }

  score(factor: number, scores: Float32Array): void {
    const [slots, impacts] = [this.#slots, this.#impacts];
    for (let i = 0; i < slots.length; i += 1) scores[slots[i]!]! += factor * impacts[i]!;
  }

  forEachMarked(marks: Uint32Array, visit: (mark: number) => void): void {
    const slots = this.#slots;
    for (let i = 0; i < slots.length; i += 1) {
      const mark = marks[slots[i]!]!;
      if (mark > 0) visit(mark);
    }
  }
}

export type Blocks = ReadonlyMap<number, BlockRow>;

/** Places of the chunks of some blocks in arrays over all of them, block by block. */
export class Slots {
  /** Chunks that are there. */
  readonly #total: number;
  /** See {@link PostingWeights}. */
  readonly #norms: Float32Array;
  readonly #blocks: Blocks;
  readonly #ids: readonly number[];
  readonly #firsts: ReadonlyMap<number, number>;
  /** By slot; used anew by each search, for making them costs more than filling them. */
  #scores: Float32Array | undefined;
  /** By slot; zero but while it is in use. */
  #marks: Uint32Array | undefined;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
    this.#ids = [...blocks.keys()];
    this.#firsts = new Map(this.#ids.map((id, i) => [id, i * blockSize]));
    this.#total = sum(blocks.values(), ({ alive }) => alive);
    this.#norms = new Float32Array(this.#ids.length * blockSize);
    const slope = (k1 * b * this.#total) / sum(blocks.values(), ({ tokens }) => tokens);
    for (const [block, first] of this.#firsts) {
      for (const [i, length] of blocks.get(block)!.lengths.entries()) {
        this.#norms[first + i] = length === 0 ? Infinity : k1 * (1 - b) + slope * length;
      }
    }
  }

  /** The postings of one term, for one search. */
  matches(lists: readonly PostingList[], fieldWeights: FieldWeights): TermMatches {
    return new EncodedMatches(this.#frequency(lists), this.#placed(lists, fieldWeights));
  }

  /** The same for many searches. */
  decoded(lists: readonly PostingList[], fieldWeights: FieldWeights): DecodedMatches {
    return new DecodedMatches(this.#frequency(lists), this.#placed(lists, fieldWeights));
  }

  /** The best by BM25, best first, equal ones by id. */
  best(terms: Iterable<TermMatches>, wanted: number): Candidate[] {
    this.score(terms);
    return this.top(wanted);
  }

  /**
   * BM25 with weighted fields: the frequency of a term is the sum over the fields of weight times count, the length that of the whole
   * chunk (as FTS5 has it; Robertson and Zaragoza 2009, §3). The scores stand until others are asked for.
   */
  score(terms: Iterable<TermMatches>): void {
    const scores = (this.#scores ??= new Float32Array(this.#norms.length)).fill(0);
    for (const matches of terms) {
      // Never negative, unlike the first form of the formula, so a word that stands everywhere does no harm.
      const idf = Math.log(1 + (this.#total - matches.frequency + 0.5) / (matches.frequency + 0.5));
      matches.score(idf * (k1 + 1), scores);
    }
  }

  /** See {@link score}. */
  top(wanted: number): Candidate[] {
    const scores = this.#scores;
    if (scores === undefined || wanted <= 0) return [];
    const best = slotsAbove(scores, wanted).map((slot) => ({ chunkId: this.#chunkAt(slot), score: scores[slot]! }));
    return best.sort((left, right) => right.score - left.score || left.chunkId - right.chunkId).slice(0, wanted);
  }

  /** Frequencies and holders of terms, which `found` has for each of them. */
  keywordMatches(
    best: readonly Candidate[],
    terms: readonly string[],
    found: ReadonlyMap<string, TermMatches>,
  ): KeywordMatches {
    return {
      best,
      frequencies: new Map([...found].map(([term, { frequency }]) => [term, frequency])),
      held: (chunkIds) =>
        this.#held(
          terms.map((term) => found.get(term)!),
          chunkIds,
        ),
    };
  }

  /** Undefined for a chunk of another block. */
  #slotOf(chunkId: number): number | undefined {
    const first = this.#firsts.get(Math.floor(chunkId / blockSize));
    return first === undefined ? undefined : first + (chunkId % blockSize);
  }

  #chunkAt(slot: number): number {
    return this.#ids[Math.floor(slot / blockSize)]! * blockSize + (slot % blockSize);
  }

  /** Only where chunks are gone the postings must be counted one by one. */
  #frequency(lists: readonly PostingList[]): number {
    return sum(lists, ({ block, count, postings }) => {
      const { used, alive, lengths } = this.#blocks.get(block)!;
      return used === alive ? count : countPostings(postings, lengths);
    });
  }

  #placed(lists: readonly PostingList[], fieldWeights: FieldWeights): PlacedList[] {
    const fields = Float64Array.from(fieldNames, (name) => fieldWeights[name]);
    return lists.map(({ block, postings }) => ({
      postings,
      weights: { fields, norms: this.#norms, first: this.#firsts.get(block)! },
    }));
  }

  #held(terms: readonly TermMatches[], chunkIds: readonly number[]): number[][] {
    const held = chunkIds.map((): number[] => []);
    const marks = (this.#marks ??= new Uint32Array(this.#norms.length));
    const marked: number[] = [];
    for (const [i, id] of chunkIds.entries()) {
      const slot = this.#slotOf(id);
      if (slot === undefined) continue;
      marks[slot] = i + 1;
      marked.push(slot);
    }
    for (const [place, matches] of terms.entries()) {
      matches.forEachMarked(marks, (mark) => {
        const list = held[mark - 1]!;
        // Two terms of one hash are two records that may hold the same chunk.
        if (list.at(-1) !== place) list.push(place);
      });
    }
    for (const slot of marked) marks[slot] = 0;
    return held;
  }
}

/** At least the `wanted` best slots, as far as so many have a score at all, in the order of the slots. */
function slotsAbove(scores: Float32Array, wanted: number): number[] {
  // The bits of positive floats are in the order of the floats.
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const step = Math.max(1, Math.floor(bits.length / sampled));
  const found = slotsFrom(bits, leastOf(bits, step, wanted * sampleMargin));
  return found.length >= wanted || step === 1 ? found : slotsFrom(bits, leastOf(bits, 1, wanted));
}

/** Bits from which on there are about `wanted`, told by every `step`-th of them; at least 1, which is the least score. */
function leastOf(bits: Uint32Array, step: number, wanted: number): number {
  const counts = new Uint32Array(1 << (32 - coarseShift));
  for (let slot = 0; slot < bits.length; slot += step) counts[bits[slot]! >>> coarseShift]! += 1;
  let coarse = counts.length - 1;
  for (let above = counts[coarse]!; coarse > 0 && above * step < wanted;) above += counts[(coarse -= 1)]!;
  return Math.max(1, (coarse << coarseShift) >>> 0);
}

function slotsFrom(bits: Uint32Array, least: number): number[] {
  const found: number[] = [];
  for (let slot = 0; slot < bits.length; slot += 1) if (bits[slot]! >= least) found.push(slot);
  return found;
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
