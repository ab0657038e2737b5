import {
  blockSize,
  countPostings,
  fieldNames,
  forEachMarked,
  scorePostings,
  type PostingScorer,
} from './postingCodec.ts';
import type { Candidate, FieldWeights, KeywordMatches } from './searchIndex.ts';
import { TopCandidates } from './topCandidates.ts';

/** Constants of BM25 as FTS5, Lucene and most others have them. */
const k1 = 1.2;
const b = 0.75;

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

/** A term with all of its postings. */
export interface TermPostings {
  readonly lists: readonly PostingList[];
  /** Chunks that hold the term. */
  readonly frequency: number;
}

export interface ScoredBlock extends PostingScorer {
  /** Id of the block's first chunk. */
  readonly first: number;
}

export type Blocks = ReadonlyMap<number, BlockRow>;

/**
 * BM25 with weighted fields: the frequency of a term is the sum over the fields of weight times count, the length that of the whole
 * chunk (as FTS5 has it; Robertson and Zaragoza 2009, §3).
 */
export function scoreBlocks(
  blocks: Blocks,
  terms: Iterable<TermPostings>,
  fieldWeights: FieldWeights,
): readonly ScoredBlock[] {
  const total = sum(blocks.values(), ({ alive }) => alive);
  if (total === 0) return [];
  const averageLength = sum(blocks.values(), ({ tokens }) => tokens) / total;
  const weights = Float64Array.from(fieldNames, (name) => fieldWeights[name]);
  const scored = new Map<number, ScoredBlock>();
  for (const { block, lengths } of blocks.values()) {
    const scores = new Float32Array(blockSize);
    scored.set(block, { first: block * blockSize, scores, norms: normsOf(lengths, averageLength), weights });
  }
  for (const { lists, frequency } of terms) {
    // Never negative, unlike the first form of the formula, so a word that stands everywhere does no harm.
    const idf = Math.log(1 + (total - frequency + 0.5) / (frequency + 0.5));
    for (const { block, postings } of lists) scorePostings(postings, idf * (k1 + 1), scored.get(block)!);
  }
  return [...scored.values()];
}

/** The best of all blocks, best first, and how many have a score at all. */
export function bestOf(
  scored: readonly ScoredBlock[],
  wanted: number,
): { readonly best: Candidate[]; readonly found: number } {
  const top = new TopCandidates(wanted);
  let found = 0;
  for (const { first, scores } of scored) {
    for (let i = 0; i < scores.length; i += 1) {
      if (scores[i]! === 0) continue;
      found += 1;
      top.add(first + i, scores[i]!);
    }
  }
  return { best: top.sorted(), found };
}

/** The postings of one term, counted; only where chunks are gone must that be done one by one. */
export function counted(lists: readonly PostingList[], blocks: Blocks): TermPostings {
  const frequency = sum(lists, ({ block, count, postings }) => {
    const { used, alive, lengths } = blocks.get(block)!;
    return used === alive ? count : countPostings(postings, lengths);
  });
  return { lists, frequency };
}

/** Frequencies and holders of terms by their postings, which `found` has for each of them. */
export function matchesOf(
  best: readonly Candidate[],
  terms: readonly string[],
  found: ReadonlyMap<string, TermPostings>,
): KeywordMatches {
  return {
    best,
    frequencies: new Map([...found].map(([term, { frequency }]) => [term, frequency])),
    held: (chunkIds) =>
      heldTerms(
        terms.map((term) => found.get(term)!),
        chunkIds,
      ),
  };
}

function heldTerms(terms: readonly TermPostings[], chunkIds: readonly number[]): Map<number, Set<number>> {
  const held = new Map(chunkIds.map((id) => [id, new Set<number>()]));
  const distinct = [...held];
  const marks = new Map<number, Uint32Array>();
  for (const [place, [id]] of distinct.entries()) {
    const block = Math.floor(id / blockSize);
    let own = marks.get(block);
    if (own === undefined) marks.set(block, (own = new Uint32Array(blockSize)));
    own[id % blockSize] = place + 1;
  }
  for (const [place, { lists }] of terms.entries()) {
    for (const { block, postings } of lists) {
      const own = marks.get(block);
      if (own !== undefined) forEachMarked(postings, own, (mark) => distinct[mark - 1]![1].add(place));
    }
  }
  return held;
}

function sum<T>(items: Iterable<T>, of: (item: T) => number): number {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
}

/** See {@link PostingScorer}. */
function normsOf(lengths: Uint16Array, averageLength: number): Float32Array {
  const norms = new Float32Array(blockSize);
  const slope = (k1 * b) / averageLength;
  for (let i = 0; i < blockSize; i += 1) norms[i] = lengths[i] === 0 ? Infinity : k1 * (1 - b) + slope * lengths[i]!;
  return norms;
}
