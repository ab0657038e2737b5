import { isDeepStrictEqual } from 'node:util';
import { conditionOf } from './candidateFilter.ts';
import type { Labels } from './labels.ts';
import type { CandidateFilter } from './searchIndex.ts';
import { stateOf, StatementCache, type Sqlite } from './sqlite.ts';

const columns = { language: 'f.language_id', scope: 'f.scope_id', kind: 'c.kind_id', file: 'f.id' };
/** Bits of a word of a mask. */
export const maskBits = 32;

/** Chunks, one bit each. */
export class ChunkMask {
  /** By id, lowest bit first; ends with the last that is in it. */
  readonly words: Uint32Array;
  /** How many there are. */
  readonly size: number;

  /** `chunkIds`: all different. */
  constructor(chunkIds: readonly number[]) {
    this.size = chunkIds.length;
    const last = chunkIds.reduce((most, id) => Math.max(most, id), -1);
    this.words = new Uint32Array(Math.floor(last / maskBits) + 1);
    for (const id of chunkIds) this.words[Math.floor(id / maskBits)]! |= 1 << (id % maskBits);
  }

  /** In ascending order. */
  ids(): number[] {
    const ids: number[] = [];
    for (const [place, word] of this.words.entries()) {
      for (let bits = word; bits !== 0; bits &= bits - 1) ids.push(place * maskBits + 31 - Math.clz32(bits & -bits));
    }
    return ids;
  }

  has(chunkId: number): boolean {
    return ((this.words[Math.floor(chunkId / maskBits)] ?? 0) & (1 << (chunkId % maskBits))) !== 0;
  }
}

interface Known {
  readonly state: string;
  readonly filter: CandidateFilter;
  readonly mask: ChunkMask;
}

/**
 * The chunks of a set that pass a filter. Who has set one asks again and again: those of the last one are kept for as long as nothing has
 * changed.
 */
export class ChunkMasks {
  readonly #statements: StatementCache;
  readonly #labels: Labels;
  readonly #chunkSetId: number;
  #known: Known | undefined;

  constructor(db: Sqlite, labels: Labels, chunkSetId: number) {
    this.#statements = new StatementCache(db);
    this.#labels = labels;
    this.#chunkSetId = chunkSetId;
  }

  /** Undefined for a filter that lets all of them through. */
  of(filter: CandidateFilter): ChunkMask | undefined {
    const state = stateOf(this.#statements);
    if (this.#known?.state === state && isDeepStrictEqual(this.#known.filter, filter)) return this.#known.mask;
    const condition = conditionOf(filter, this.#labels, columns);
    if (condition === undefined) return undefined;
    const ids = this.#statements
      .get(
        `SELECT c.id FROM files f CROSS JOIN chunks c ON c.file_id = f.id WHERE f.chunk_set_id = ? AND ${condition.sql}`,
      )
      .pluck()
      .all(this.#chunkSetId, ...condition.parameters) as number[];
    const mask = new ChunkMask(ids);
    this.#known = { state, filter, mask };
    return mask;
  }
}
