/**
 * Keeps rows that never change, up to a number of bytes; the first that came is the first that goes. Asked some hundred times a search,
 * so it does not keep account of what was used last.
 */
export class ByteCache<V> {
  readonly #mostBytes: number;
  readonly #sizeOf: (value: V) => number;
  readonly #values = new Map<number, V>();
  #bytes = 0;

  constructor(mostBytes: number, sizeOf: (value: V) => number) {
    this.#mostBytes = mostBytes;
    this.#sizeOf = sizeOf;
  }

  get(key: number): V | undefined {
    return this.#values.get(key);
  }

  /** A key that is known keeps its value. */
  add(key: number, value: V): void {
    if (this.#values.has(key)) return;
    this.#values.set(key, value);
    this.#bytes += this.#sizeOf(value);
    for (const [oldest, gone] of this.#values) {
      if (this.#bytes <= this.#mostBytes) return;
      this.#values.delete(oldest);
      this.#bytes -= this.#sizeOf(gone);
    }
  }
}
