import { blockSize } from '../postingCodec.ts';

type Generation<V> = Map<number, (V | undefined)[]>;

/** What the places of one segment take, whether there is something in them or not. */
const segmentBytes = blockSize * 8;

/**
 * Keeps rows that never change, up to a number of bytes. What was not asked for while half of that came goes: two generations cost
 * no more than a look-up each, where an account of what was used last would cost as much as the search, some hundred times in each.
 *
 * Keys are ids of chunks, or others that lie as densely: taken apart into a segment and a place in it, they are found four times as
 * fast as numbers beyond 32 bits in one map.
 */
export class ByteCache<V> {
  readonly #generationBytes: number;
  readonly #sizeOf: (value: V) => number;
  #young: Generation<V> = new Map();
  #old: Generation<V> = new Map();
  #youngBytes = 0;

  constructor(mostBytes: number, sizeOf: (value: V) => number) {
    this.#generationBytes = mostBytes / 2;
    this.#sizeOf = sizeOf;
  }

  get(key: number): V | undefined {
    const segment = Math.floor(key / blockSize);
    const place = key % blockSize;
    const young = this.#young.get(segment)?.[place];
    if (young !== undefined) return young;
    const old = this.#old.get(segment)?.[place];
    if (old !== undefined) this.#insert(segment, place, old);
    return old;
  }

  /** A key that is known keeps its value. */
  add(key: number, value: V): void {
    if (this.get(key) === undefined) this.#insert(Math.floor(key / blockSize), key % blockSize, value);
  }

  #insert(segment: number, place: number, value: V): void {
    const bytes = this.#sizeOf(value);
    if (this.#youngBytes + bytes > this.#generationBytes) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    let values = this.#young.get(segment);
    if (values === undefined) {
      values = new Array<V | undefined>(blockSize).fill(undefined);
      this.#young.set(segment, values);
      this.#youngBytes += segmentBytes;
    }
    values[place] = value;
    this.#youngBytes += bytes;
  }
}
