/**
 * Keeps rows that never change, up to a number of bytes. What was not asked for while half of that came goes: two generations cost
 * no more than a look-up each, where an account of what was used last would cost as much as the search, some hundred times in each.
 */
export class ByteCache<V> {
  readonly #generationBytes: number;
  readonly #sizeOf: (value: V) => number;
  #young = new Map<number, V>();
  #old: ReadonlyMap<number, V> = new Map();
  #youngBytes = 0;

  constructor(mostBytes: number, sizeOf: (value: V) => number) {
    this.#generationBytes = mostBytes / 2;
    this.#sizeOf = sizeOf;
  }

  get(key: number): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.#insert(key, old);
    return old;
  }

  /** A key that is known keeps its value. */
  add(key: number, value: V): void {
    if (this.get(key) === undefined) this.#insert(key, value);
  }

  #insert(key: number, value: V): void {
    const bytes = this.#sizeOf(value);
    if (this.#youngBytes + bytes > this.#generationBytes) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#youngBytes = 0;
    }
    this.#young.set(key, value);
    this.#youngBytes += bytes;
  }
}
