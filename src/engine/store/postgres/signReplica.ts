import { blockSize } from '../postingCodec.ts';
import { longestCode } from '../signKernel.ts';
import { SignTable } from '../signTable.ts';
import type { PostgresConnection } from './postgresConnection.ts';
import { forEachCode, hashBytes, readCodes } from './segmentCodes.ts';
import type { ViewSnapshot } from './sharedView.ts';
import type { SharedModel } from './vectorTable.ts';

/** What is kept here at most, room for growth included; of larger views the server searches the graph. */
const mostBytes = 96 * 1024 * 1024;
/** Share of a view's chunks whose vectors must be known. */
const leastPresent = 0.99;
/** Questions after which it pays: one from a command line is answered sooner by the server. */
const worthwhileFrom = 3;
/** Segments asked for at a time: 1 MB, so that searches get their turn in between. */
const segmentsAtOnce = 8;
/** So long a server that failed is not asked for signs again; searches ask it all the same. */
const leaveAloneMs = 30_000;

/** The chunks of a view that have signs. */
interface Usable {
  /** 1 for each of their slots. */
  readonly slots: Uint8Array;
  /** How many there are. */
  readonly count: number;
}

interface Segment {
  /** Its slots are those from `blockSize` times this on. */
  readonly position: number;
  /** 1 for each chunk whose signs are here; `[blockSize]`. */
  readonly present: Uint8Array;
  /** Of the texts, by chunk; `[blockSize, hashBytes]`. */
  readonly hashes: Uint8Array;
  /** Of the view when it was read: a later one may bring vectors that were missing. */
  readonly revision: number;
}

/**
 * The signs of a view's vectors, brought here once, 66 bytes a chunk at 384 dimensions with the hash of its text. With them the
 * nearest are found without the server, and among all of them, where a graph leaves some out. Segments never change: later only new
 * ones are read, and those in which vectors were missing.
 */
export class SignReplica {
  readonly #connection: PostgresConnection;
  readonly #model: SharedModel;
  /** Undefined until it is needed, and where this machine cannot have one. */
  #table: SignTable | undefined;
  #impossible: boolean;
  readonly #segments = new Map<number, Segment>();
  /** Segment by position; undefined where one was given up. */
  readonly #positions: (number | undefined)[] = [];
  #ready: { readonly view: ViewSnapshot; readonly usable: Usable } | undefined;
  #asked = 0;
  #loading: Promise<void> | undefined;
  #failedAt = -Infinity;

  constructor(connection: PostgresConnection, model: SharedModel) {
    this.#connection = connection;
    this.#model = model;
    this.#impossible = model.dimension > longestCode;
  }

  /**
   * Ids of about the `limit` nearest chunks of the view, nearest first. Undefined while their signs are on their way, for which this does
   * not wait, where there are too many of them, and where vectors are missing: the server knows of those that came since.
   */
  nearest(view: ViewSnapshot, vector: Float32Array, limit: number): number[] | undefined {
    const table = this.#tableFor(view);
    if (table === undefined) return undefined;
    if (this.#ready?.view !== view) {
      const usable = this.#usable(view);
      this.#ready = usable && { view, usable };
    }
    if (this.#ready === undefined) {
      this.#asked += 1;
      if (this.#asked >= worthwhileFrom) this.#load(view, table);
      return undefined;
    }
    const { usable } = this.#ready;
    if (usable.count < view.chunks * leastPresent) return undefined;
    return table.nearest(vector, limit, usable.slots).map((slot) => {
      const segment = this.#positions[Math.floor(slot / blockSize)]!;
      return segment * blockSize + (slot % blockSize);
    });
  }

  #tableFor({ blocks }: ViewSnapshot): SignTable | undefined {
    if (this.#impossible) return undefined;
    try {
      this.#table ??= new SignTable(this.#model.dimension, 'highest');
    } catch {
      // No WebAssembly with 128-bit instructions, or no memory for it: the server searches.
      this.#impossible = true;
      return undefined;
    }
    const slotBytes = this.#table.slotBytes + hashBytes + 2;
    return blocks.size * blockSize * slotBytes > mostBytes ? undefined : this.#table;
  }

  /** Hashes of the chunks' texts, by which their vectors are found in one step; undefined where one is not known here. */
  textHashes(chunkIds: readonly number[]): Uint8Array[] | undefined {
    const hashes: Uint8Array[] = [];
    for (const id of chunkIds) {
      const segment = this.#segments.get(Math.floor(id / blockSize));
      const place = id % blockSize;
      if (segment?.present[place] !== 1) return undefined;
      hashes.push(segment.hashes.subarray(place * hashBytes, (place + 1) * hashBytes));
    }
    return hashes;
  }

  /** The chunks of the view that have signs; undefined while some are still to be read. */
  #usable({ blocks, revision }: ViewSnapshot): Usable | undefined {
    const slots = new Uint8Array(this.#positions.length * blockSize);
    let count = 0;
    for (const [block, { lengths }] of blocks) {
      const segment = this.#segments.get(block);
      if (segment === undefined) return undefined;
      const first = segment.position * blockSize;
      for (let i = 0; i < blockSize; i += 1) {
        if (lengths[i]! === 0) continue;
        if (segment.present[i] === 0 && segment.revision !== revision) return undefined;
        slots[first + i] = segment.present[i]!;
        count += segment.present[i]!;
      }
    }
    return { slots, count };
  }

  #load(view: ViewSnapshot, table: SignTable): void {
    if (this.#loading !== undefined || performance.now() - this.#failedAt < leaveAloneMs) return;
    this.#loading = this.#read(view, table)
      // Whoever searches meets the same failure and says it.
      .catch(() => (this.#failedAt = performance.now()))
      .then(() => (this.#loading = undefined));
  }

  async #read({ repositoryId, revision, blocks }: ViewSnapshot, table: SignTable): Promise<void> {
    this.#ready = undefined;
    for (const [id, { position, present, revision: readAt }] of this.#segments) {
      const lengths = blocks.get(id)?.lengths;
      const complete = lengths?.every((length, i) => length === 0 || present[i] === 1) === true;
      if (complete || (lengths !== undefined && readAt === revision)) continue;
      this.#segments.delete(id);
      this.#positions[position] = undefined;
    }
    const missing = [...blocks.keys()].filter((id) => !this.#segments.has(id));
    for (let from = 0; from < missing.length; from += segmentsAtOnce) {
      const ids = missing.slice(from, from + segmentsAtOnce);
      const codes = await readCodes(this.#connection, repositoryId, this.#model, ids);
      for (const id of ids) this.#add(id, revision, codes.get(id), table);
    }
  }

  #add(id: number, revision: number, codes: Buffer | undefined, table: SignTable): void {
    const free = this.#positions.indexOf(undefined);
    const position = free === -1 ? this.#positions.length : free;
    table.reserve(Math.max(position + 1, this.#positions.length) * blockSize);
    this.#positions[position] = id;
    const present = new Uint8Array(blockSize);
    const hashes = new Uint8Array(blockSize * hashBytes);
    if (codes !== undefined) {
      forEachCode(codes, this.#model, (place, textHash, signs) => {
        hashes.set(textHash, place * hashBytes);
        table.set(position * blockSize + place, signs);
        present[place] = 1;
      });
    }
    this.#segments.set(id, { position, present, hashes, revision });
  }
}
