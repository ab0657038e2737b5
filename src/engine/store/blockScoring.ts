import { blockSize, countPostings, decodePostings, fieldNames, type Impacts } from './postingCodec.ts';
import type { Candidate, FieldWeights, KeywordMatches } from './searchIndex.ts';

/** Constants of BM25 as FTS5, Lucene and most others have them. */
const k1 = 1.2;
const b = 0.75;
/** Of a score's bits as a 32-bit float, those left after this shift tell it to an eighth of its power of two. */
const coarseShift = 20;

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

/** What a term says about the chunks that hold it and are there, in the order of their slots (see {@link Slots}). */
export type TermMatches = Impacts;

export type Blocks = ReadonlyMap<number, BlockRow>;

/** Places of the chunks of some blocks in arrays over all of them, block by block. */
export class Slots {
  /** Chunks that are there. */
  readonly total: number;
  /** By slot: what the length of the chunk adds to the denominator of BM25, infinite for a chunk that is gone. */
  readonly norms: Float32Array;
  readonly #blocks: Blocks;
  readonly #ids: readonly number[];
  readonly #firsts: ReadonlyMap<number, number>;
  /** The scores of the search before; of searches at the same time the others make their own. */
  #spare: Float32Array | undefined;
  /** By slot; zero but while {@link #held} is at work. */
  #marks: Uint32Array | undefined;

  constructor(blocks: Blocks) {
    this.#blocks = blocks;
    this.#ids = [...blocks.keys()];
    this.#firsts = new Map(this.#ids.map((id, i) => [id, i * blockSize]));
    this.total = sum(blocks.values(), ({ alive }) => alive);
    this.norms = new Float32Array(this.#ids.length * blockSize);
    const slope = (k1 * b * this.total) / sum(blocks.values(), ({ tokens }) => tokens);
    for (const [block, first] of this.#firsts) {
      for (const [i, length] of blocks.get(block)!.lengths.entries()) {
        this.norms[first + i] = length === 0 ? Infinity : k1 * (1 - b) + slope * length;
      }
    }
  }

  /** Undefined for a chunk of another block. */
  slotOf(chunkId: number): number | undefined {
    const first = this.#firsts.get(Math.floor(chunkId / blockSize));
    return first === undefined ? undefined : first + (chunkId % blockSize);
  }

  chunkAt(slot: number): number {
    return this.#ids[Math.floor(slot / blockSize)]! * blockSize + (slot % blockSize);
  }

  /** Postings of one term, chunks that are gone left out. */
  matches(lists: readonly PostingList[], fieldWeights: FieldWeights): TermMatches {
    const weights = Float64Array.from(fieldNames, (name) => fieldWeights[name]);
    const frequency = sum(lists, ({ block, count, postings }) => {
      const { used, alive, lengths } = this.#blocks.get(block)!;
      return used === alive ? count : countPostings(postings, lengths);
    });
    const matches = { slots: new Uint32Array(frequency), impacts: new Float32Array(frequency) };
    let at = 0;
    for (const { block, postings } of lists) {
      at = decodePostings(postings, { weights, norms: this.norms, first: this.#firsts.get(block)! }, matches, at);
    }
    return matches;
  }

  /**
   * BM25 with weighted fields: the frequency of a term is the sum over the fields of weight times count, the length that of the whole
   * chunk (as FTS5 has it; Robertson and Zaragoza 2009, §3). Best first, equal ones by id.
   */
  best(terms: Iterable<TermMatches>, wanted: number): Candidate[] {
    if (wanted <= 0) return [];
    const scores = this.#spare?.fill(0) ?? new Float32Array(this.norms.length);
    this.#spare = undefined;
    for (const { slots, impacts } of terms) {
      // Never negative, unlike the first form of the formula, so a word that stands everywhere does no harm.
      const idf = Math.log(1 + (this.total - slots.length + 0.5) / (slots.length + 0.5));
      const factor = idf * (k1 + 1);
      for (let i = 0; i < slots.length; i += 1) scores[slots[i]!]! += factor * impacts[i]!;
    }
    const best = slotsAbove(scores, wanted).map((slot) => ({ chunkId: this.chunkAt(slot), score: scores[slot]! }));
    this.#spare = scores;
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
      frequencies: new Map([...found].map(([term, { slots }]) => [term, slots.length])),
      held: (chunkIds) =>
        this.#held(
          terms.map((term) => found.get(term)!),
          chunkIds,
        ),
    };
  }

  #held(terms: readonly TermMatches[], chunkIds: readonly number[]): Map<number, number[]> {
    const held = new Map(chunkIds.map((id): [number, number[]] => [id, []]));
    const marks = (this.#marks ??= new Uint32Array(this.norms.length));
    const lists: number[][] = [];
    const marked: number[] = [];
    for (const [id, list] of held) {
      const slot = this.slotOf(id);
      if (slot === undefined) continue;
      marks[slot] = lists.push(list);
      marked.push(slot);
    }
    for (const [place, { slots }] of terms.entries()) {
      for (let i = 0; i < slots.length; i += 1) {
        const mark = marks[slots[i]!]!;
        if (mark > 0) lists[mark - 1]!.push(place);
      }
    }
    for (const slot of marked) marks[slot] = 0;
    return held;
  }
}

/** At least the `wanted` best slots, as far as so many have a score at all, in the order of the slots. */
function slotsAbove(scores: Float32Array, wanted: number): number[] {
  // The bits of positive floats are in the order of the floats.
  const bits = new Uint32Array(scores.buffer, scores.byteOffset, scores.length);
  const counts = new Uint32Array(1 << (32 - coarseShift));
  for (let slot = 0; slot < bits.length; slot += 1) counts[bits[slot]! >>> coarseShift]! += 1;
  let coarse = counts.length - 1;
  for (let above = counts[coarse]!; coarse > 0 && above < wanted;) above += counts[(coarse -= 1)]!;
  const least = Math.max(1, (coarse << coarseShift) >>> 0);
  const found: number[] = [];
  for (let slot = 0; slot < bits.length; slot += 1) if (bits[slot]! >= least) found.push(slot);
  return found;
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}
