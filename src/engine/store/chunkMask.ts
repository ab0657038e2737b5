import { isDeepStrictEqual } from 'node:util';
import { BitSet } from './bitSet.ts';
import { conditionOf } from './candidateFilter.ts';
import type { Labels } from './labels.ts';
import type { CandidateFilter } from './searchIndex.ts';
import { stateOf, StatementCache, type Sqlite } from './sqlite.ts';

const columns = { language: 'f.language_id', scope: 'f.scope_id', kind: 'c.kind_id', file: 'f.id' };
interface Known {
  readonly state: string;
  readonly filter: CandidateFilter;
  readonly mask: BitSet;
}

/**
 * The chunks of a set that pass a filter, by id. Who has set one asks again and again: those of the last one are kept for as long as nothing has
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
  of(filter: CandidateFilter): BitSet | undefined {
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
    const mask = new BitSet(ids);
    this.#known = { state, filter, mask };
    return mask;
  }
}
