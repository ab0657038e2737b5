import type { BitSet } from './bitSet.ts';
import type { Generation } from './catalog.ts';
import { vectorTable } from './searchTables.ts';
import { longestCode } from './signKernel.ts';
import { SignTable } from './signTable.ts';
import { stateOf, StatementCache, type Sqlite } from './sqlite.ts';

export interface SignLimits {
  /** What is kept in memory at most, for each folder; larger generations are scanned by vec0. */
  readonly mostBytes: number;
  /** Of more places the signs are read when a second search finds the database as it was: until then vec0 is faster. */
  readonly readAtOnceBelow: number;
}

const defaultLimits: SignLimits = { mostBytes: 96 * 1024 * 1024, readAtOnceBelow: 200_000 };
/** Of a place, beside its signs: the id, and whether it is taken. */
const placeBytes = BigInt64Array.BYTES_PER_ELEMENT + 1;

/** One row of vec0's own tables: `size` places for vectors, some of them free. */
interface PlacesRow {
  readonly size: number;
  /** One bit a place, lowest first: whether there is a vector. */
  readonly validity: Buffer;
  /** 64-bit numbers in the order of this machine's bytes. */
  readonly rowids: Buffer;
  readonly vectors: Buffer;
}

interface Loaded {
  readonly state: string;
  readonly table: SignTable;
  /** By slot: 1 where there is a vector. */
  readonly usable: Uint8Array;
  /** By slot. */
  readonly chunkIds: BigInt64Array;
}

/**
 * The signs of a generation in memory. vec0 has them in its tables as they are scanned (`_chunks` and `_vector_chunks00`: as sqlite-vec
 * 0.1.9 writes them, which the tests compare with what it finds), so that all of them are read in the time of one scan by vec0, which takes 60 ns
 * a vector where {@link SignTable} takes 4. Nothing is kept in step: where anything has changed, all are read again.
 */
export class GenerationSigns {
  readonly #db: Sqlite;
  readonly #statements: StatementCache;
  readonly #generation: Generation;
  readonly #limits: SignLimits;
  #table: SignTable | undefined;
  #impossible: boolean;
  #loaded: Loaded | undefined;
  #lastState = '';
  #lastMasked: { readonly mask: BitSet; readonly of: Uint8Array; readonly usable: Uint8Array } | undefined;

  constructor(db: Sqlite, generation: Generation, limits = defaultLimits) {
    this.#db = db;
    this.#statements = new StatementCache(db);
    this.#generation = generation;
    this.#limits = limits;
    this.#impossible = generation.dimension > longestCode;
  }

  /**
   * About the `limit` nearest chunks to an L2-normalised `vector`, nearest first, of those in `mask` where there is one. Undefined where there are too many vectors, and where
   * reading their signs first would take longer than vec0.
   */
  nearest(vector: Float32Array, limit: number, mask: BitSet | undefined): number[] | undefined {
    if (this.#impossible) return undefined;
    const state = stateOf(this.#statements);
    const seen = state === this.#lastState;
    this.#lastState = state;
    // One snapshot for all of it, for others may write meanwhile.
    if (this.#loaded?.state !== state) this.#loaded = this.#db.transaction(() => this.#load(state, seen))();
    if (this.#loaded === undefined) return undefined;
    const { table, chunkIds } = this.#loaded;
    const usable = mask === undefined ? this.#loaded.usable : this.#masked(this.#loaded, mask);
    return table.nearest(vector, limit, usable).map((slot) => Number(chunkIds[slot]!));
  }

  /** Kept, for the mask of a filter is the same for as long as it is asked for. */
  #masked({ usable, chunkIds }: Loaded, mask: BitSet): Uint8Array {
    if (this.#lastMasked?.mask !== mask || this.#lastMasked.of !== usable) {
      const passing = usable.map((taken, slot) => (taken === 1 && mask.has(Number(chunkIds[slot]!)) ? 1 : 0));
      this.#lastMasked = { mask, of: usable, usable: passing };
    }
    return this.#lastMasked.usable;
  }

  #load(state: string, seen: boolean): Loaded | undefined {
    const places = this.#statements
      .get(`SELECT coalesce(sum(size), 0) FROM ${vectorTable(this.#generation.id)}_chunks`)
      .pluck()
      .get() as number;
    if (places > this.#limits.readAtOnceBelow && !seen) return undefined;
    const table = this.#tableFor(places);
    return table && { state, table, ...this.#read(table, places) };
  }

  #tableFor(places: number): SignTable | undefined {
    const table = this.#table;
    this.#table = undefined;
    try {
      const made = table ?? new SignTable(this.#generation.dimension, 'lowest');
      if (places * (made.slotBytes + placeBytes) > this.#limits.mostBytes) return undefined;
      made.reserve(places);
      this.#table = made;
    } catch {
      // No WebAssembly with 128-bit instructions, or no memory for it.
      this.#impossible = true;
    }
    return this.#table;
  }

  #read(table: SignTable, places: number): Pick<Loaded, 'usable' | 'chunkIds'> {
    const name = vectorTable(this.#generation.id);
    const usable = new Uint8Array(places);
    const chunkIds = new BigInt64Array(places);
    const ids = Buffer.from(chunkIds.buffer);
    let first = 0;
    const rows = this.#statements
      .get(
        `SELECT c.size, c.validity, c.rowids, v.vectors FROM ${name}_chunks c
         JOIN ${name}_vector_chunks00 v ON v.rowid = c.chunk_id`,
      )
      .iterate() as IterableIterator<PlacesRow>;
    for (const { size, validity, rowids, vectors } of rows) {
      table.setMany(first, vectors, size);
      rowids.copy(ids, first * BigInt64Array.BYTES_PER_ELEMENT);
      for (let place = 0; place < size; place += 1) {
        usable[first + place] = (validity[place >> 3]! >> (place & 7)) & 1;
      }
      first += size;
    }
    return { usable, chunkIds };
  }
}
