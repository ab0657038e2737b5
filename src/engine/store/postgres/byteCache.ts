/** Keeps what was used last, up to a number of bytes. For rows that never change. */
export class ByteCache<K, V> {
  readonly #mostBytes: number;
  readonly #sizeOf: (value: V) => number;
  /** In the order of their use, the latest last. */
  readonly #values = new Map<K, V>();
  #bytes = 0;

  constructor(mostBytes: number, sizeOf: (value: V) => number) {
    this.#mostBytes = mostBytes;
    this.#sizeOf = sizeOf;
  }

  get(key: K): V | undefined {
    const value = this.#values.get(key);
    if (value === undefined) return undefined;
    this.#values.delete(key);
    this.#values.set(key, value);
    return value;
  }

  set(key: K, value: V): void {
    this.delete(key);
    this.#values.set(key, value);
    this.#bytes += this.#sizeOf(value);
    for (const oldest of this.#values.keys()) {
      if (this.#bytes <= this.#mostBytes) return;
      this.delete(oldest);
    }
  }

  delete(key: K): void {
    const value = this.#values.get(key);
    if (value === undefined) return;
    this.#values.delete(key);
    this.#bytes -= this.#sizeOf(value);
  }
}
