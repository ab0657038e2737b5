import { BitSet, wordBits } from './bitSet.ts';
import {
  blockSize,
  countPostings,
  decodePostings,
  fieldNames,
  forEachMarked,
  scorePostings,
  type PostingWeights,
} from './postingCodec.ts';
import { scoreBoard } from './scoreBoard.ts';
import type { Candidate, FieldWeights, KeywordMatches } from './searchIndex.ts';

/** Constants of BM25 as FTS5, Lucene and most others have them. */
const k1 = 1.2;
const b = 0.75;
/** Of a score's bits as a 32-bit float, those left after this shift tell it to an eighth of its power of two. */
const coarseShift = 20;
/** Scores by which the bound is told above which so many lie, and how many more than wanted should lie above it. */
const sampled = 16_384;
const sampleMargin = 1.5;
/** A term that at least one in so many chunks hold is frequent. */
const frequentFrom = 64;

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
  /** Calls back with the place among `wanted` of each that is one of them. */
  forEachHeld(wanted: WantedSlots, visit: (place: number) => void): void;
}

/** Chunks of which is asked which terms they hold. */
interface WantedSlots {
  /** By place; undefined for a chunk of another block. */
  readonly slots: readonly (number | undefined)[];
  /** By slot: one more than the place; 0 for what is not wanted. */
  readonly marks: Uint32Array;
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

  forEachHeld({ marks }: WantedSlots, visit: (place: number) => void): void {
    const marked = (mark: number) => visit(mark - 1);
    for (const { postings, weights } of this.#lists) forEachMarked(postings, weights.first, marks, marked);
  }
}

/** Taken apart, three times as large, for as many searches as it is kept for. */
export class DecodedMatches implements TermMatches {
  readonly #slots: Uint32Array;
  readonly #impacts: Float32Array;
  /** The same slots; undefined where looking at all of `#slots` takes no longer. */
  readonly #members: BitSet | undefined;

  /** `slotCount`: of all chunks. */
  constructor(frequency: number, lists: readonly PlacedList[], slotCount: number) {
    this.#slots = new Uint32Array(frequency);
    this.#impacts = new Float32Array(frequency);
    let at = 0;
    for (const { postings, weights } of lists) {
      at = decodePostings(postings, weights, { slots: this.#slots, impacts: this.#impacts }, at);
    }
    if (frequency > slotCount / frequentFrom) this.#members = new BitSet(this.#slots);
  }

  get frequency(): number {
    return this.#slots.length;
  }

  get bytes(): number {
    return this.#slots.byteLength + this.#impacts.byteLength + (this.#members?.words.byteLength ?? 0);
  }

  score(factor: number, scores: Float32Array): void {
    const [slots, impacts] = [this.#slots, this.#impacts];
    for (let i = 0; i < slots.length; i += 1) scores[slots[i]!]! += factor * impacts[i]!;
  }

  forEachHeld({ slots: wanted, marks }: WantedSlots, visit: (place: number) => void): void {
    const [members, slots] = [this.#members, this.#slots];
    if (members === undefined) {
      for (let i = 0; i < slots.length; i += 1) {
        const mark = marks[slots[i]!]!;
        if (mark > 0) visit(mark - 1);
      }
      return;
    }
    for (let place = 0; place < wanted.length; place += 1) {
      const slot = wanted[place];
      if (slot !== undefined && members.has(slot)) visit(place);
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
    return new DecodedMatches(this.#frequency(lists), this.#placed(lists, fieldWeights), this.#norms.length);
  }

  /**
   * The best by BM25, best first, equal ones by id; of the chunks in `mask` where there is one. With weighted fields: the frequency of a
   * term is the sum over the fields of weight times count, the length that of the whole chunk (as FTS5 has it; Robertson and Zaragoza 2009,
   * §3).
   */
  best(terms: Iterable<TermMatches>, wanted: number, mask?: BitSet): Candidate[] {
    if (wanted <= 0) return [];
    const scores = scoreBoard.zeros(this.#norms.length);
    for (const matches of terms) {
      // Never negative, unlike the first form of the formula, so a word that stands everywhere does no harm.
      const idf = Math.log(1 + (this.#total - matches.frequency + 0.5) / (matches.frequency + 0.5));
      matches.score(idf * (k1 + 1), scores);
    }
    if (mask !== undefined) this.#leave(mask, scores);
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

  /** Takes the scores of all others away. */
  #leave({ words }: BitSet, scores: Float32Array): void {
    for (const [block, first] of this.#firsts) {
      const firstWord = (block * blockSize) / wordBits;
      for (let slot = first; slot < first + blockSize; slot += wordBits) {
        const word = words[firstWord + (slot - first) / wordBits] ?? 0;
        if (word === 0) scores.fill(0, slot, slot + wordBits);
        else for (let bit = 0; bit < wordBits; bit += 1) if ((word & (1 << bit)) === 0) scores[slot + bit] = 0;
      }
    }
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
    const slots = chunkIds.map((id) => this.#slotOf(id));
    const marks = (this.#marks ??= new Uint32Array(this.#norms.length));
    for (const [place, slot] of slots.entries()) if (slot !== undefined) marks[slot] = place + 1;
    for (const [term, matches] of terms.entries()) {
      matches.forEachHeld({ slots, marks }, (place) => {
        const list = held[place]!;
        // Two terms of one hash are two records that may hold the same chunk.
        if (list.at(-1) !== term) list.push(term);
      });
    }
    for (const slot of slots) if (slot !== undefined) marks[slot] = 0;
    return held;
  }
}

/** At least the `wanted` best slots, as far as so many have a score at all, in the order of the slots. */
function slotsAbove(scores: Float32Array, wanted: number): number[] {
  const step = Math.max(1, Math.floor(scores.length / sampled));
  const found = scoreBoard.slotsFrom(scores, leastOf(scores, step, wanted * sampleMargin));
  return found.length >= wanted || step === 1 ? found : scoreBoard.slotsFrom(scores, leastOf(scores, 1, wanted));
}

/** Bits from which on there are about `wanted`, told by every `step`-th score; at least 1, which is the least score. */
function leastOf(scores: Float32Array, step: number, wanted: number): number {
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const counts = new Uint32Array(1 << (32 - coarseShift));
  for (let slot = 0; slot < bits.length; slot += step) counts[bits[slot]! >>> coarseShift]! += 1;
  let coarse = counts.length - 1;
  for (let above = counts[coarse]!; coarse > 0 && above * step < wanted;) above += counts[(coarse -= 1)]!;
  return Math.max(1, (coarse << coarseShift) >>> 0);
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
