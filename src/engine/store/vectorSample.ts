import type { BitSet } from './bitSet.ts';
import type { Generation } from './catalog.ts';
import { decodeVector, signBits } from './vectorCodec.ts';
import type { Sqlite } from './sqlite.ts';

const sampleSize = 4096;
/** The bound lets this many times the wanted rows through, for a sample is only a sample. */
const slack = 1.3;
/** With fewer rows than this in the sample an estimate is worth nothing. */
const leastSampled = 32;

interface SampledRow {
  readonly chunkId: number;
  readonly signs: Uint8Array;
}

export interface Estimate {
  /** Hamming distance within which about {@link slack} times the wanted number of passing rows lie. */
  readonly bound: number;
  /** Share of all rows that pass the filter. */
  readonly share: number;
}

function popcount(byte: number): number {
  let count = 0;
  for (let bits = byte; bits > 0; bits &= bits - 1) count += 1;
  return count;
}
const popcounts = Uint8Array.from({ length: 256 }, (_, byte) => popcount(byte));

/** Rows of a generation, spread evenly, that tell how far from a query one must look. */
export class VectorSample {
  readonly #db: Sqlite;
  readonly #generation: Generation;
  #total = 0;
  #rows: readonly SampledRow[] = [];

  constructor(db: Sqlite, generation: Generation) {
    this.#db = db;
    this.#generation = generation;
  }

  /** `mask`: the chunks that are asked for, undefined for all; `total`: rows of the generation now; the sample is taken anew when it has changed by a quarter. */
  estimate(signs: Uint8Array, wanted: number, mask: BitSet | undefined, total: number): Estimate {
    if (Math.abs(total - this.#total) > this.#total / 4) this.#take(total);
    const passing = this.#rows.filter(({ chunkId }) => mask?.has(chunkId) ?? true);
    const share = passing.length / Math.max(1, this.#rows.length);
    const widest = signs.length * 8;
    if (passing.length < leastSampled) return { bound: widest, share };
    const target = (slack * wanted * passing.length) / (total * share);
    const counts = new Uint32Array(widest + 1);
    for (const row of passing) {
      let distance = 0;
      for (let i = 0; i < signs.length; i += 1) distance += popcounts[row.signs[i]! ^ signs[i]!]!;
      counts[distance]! += 1;
    }
    let sum = 0;
    for (let distance = 0; distance < widest; distance += 1) {
      sum += counts[distance]!;
      if (sum >= target) return { bound: distance, share };
    }
    return { bound: widest, share };
  }

  #take(total: number): void {
    const ids = this.#db
      .prepare('SELECT chunk_id FROM chunk_embeddings WHERE generation_id = ?')
      .pluck()
      .all(this.#generation.id) as number[];
    const step = Math.max(1, Math.floor(ids.length / sampleSize));
    const rows = this.#db
      .prepare(
        `SELECT j.value AS chunkId, e.vector
         FROM json_each(?) j JOIN chunk_embeddings ce ON ce.generation_id = ? AND ce.chunk_id = j.value
         JOIN embeddings e ON e.id = ce.embedding_id`,
      )
      .all(JSON.stringify(ids.filter((_, index) => index % step === 0)), this.#generation.id) as {
      chunkId: number;
      vector: Buffer;
    }[];
    this.#total = total;
    this.#rows = rows.map(({ chunkId, vector }) => ({
      chunkId,
      signs: signBits(decodeVector(vector, this.#generation.dimension)),
    }));
  }
}
