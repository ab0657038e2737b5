import type { PendingChunk } from '../store/embeddingWriter.ts';

/** As small as may be, for there may be a million: the hash is made out of the key again, the path stands once. */
interface Entry {
  readonly key: string;
  readonly chunkId: number;
  readonly characters: number;
}

/** The hash of a text as a string of as many characters as it has bytes. */
export function keyOf(textHash: Buffer): string {
  return textHash.toString('latin1');
}

/**
 * Texts that wait to be embedded, each once however many chunks share it. Files the user looks at come first, then those
 * that changed last, then the rest in the order of the index.
 */
export class EmbedQueue {
  /** By path, in the order in which the files are taken when nothing has priority. */
  readonly #byPath = new Map<string, Entry[]>();
  readonly #keys = new Set<string>();
  /** Taken out and not settled: being encoded, they do not wait a second time. */
  readonly #taken = new Set<string>();
  #first: readonly string[] = [];
  #recent: string[] = [];
  #characters = 0;

  get size(): number {
    return this.#keys.size;
  }

  get characters(): number {
    return this.#characters;
  }

  add(chunks: readonly PendingChunk[]): void {
    for (const { chunkId, path, textHash, characters } of chunks) {
      const key = keyOf(textHash);
      if (this.#keys.has(key) || this.#taken.has(key)) continue;
      this.#keys.add(key);
      this.#characters += characters;
      let entries = this.#byPath.get(path);
      if (entries === undefined) this.#byPath.set(path, (entries = []));
      entries.push({ key, chunkId, characters });
    }
  }

  /** Forgets what was waiting of these files. */
  drop(paths: readonly string[]): void {
    for (const path of paths) {
      for (const entry of this.#byPath.get(path) ?? []) this.#forget(entry);
      this.#byPath.delete(path);
    }
  }

  /** Forgets all that waits; what is taken stays so until it is settled. */
  clear(): void {
    this.#byPath.clear();
    this.#keys.clear();
    this.#characters = 0;
    this.#recent = [];
  }

  /** Paths that go before all others, most important first; replaces what was said before. */
  prioritize(paths: readonly string[]): void {
    this.#first = paths;
  }

  /** Paths that have just changed; the latest goes before earlier ones. */
  changed(paths: readonly string[]): void {
    this.#recent = [...paths, ...this.#recent].slice(0, 1000);
  }

  /**
   * Takes texts out, up to `count` of them and about `characters` in all; at least one while any is left. They must be settled,
   * whatever becomes of them.
   */
  take(count: number, characters: number): PendingChunk[] {
    const taken: PendingChunk[] = [];
    let length = 0;
    while (taken.length < count && (taken.length === 0 || length < characters)) {
      const next = this.#next();
      if (next === undefined) break;
      taken.push(next);
      this.#taken.add(keyOf(next.textHash));
      length += next.characters;
    }
    return taken;
  }

  /** Texts that were taken are encoded, or may wait again. */
  settle(taken: readonly PendingChunk[]): void {
    for (const { textHash } of taken) this.#taken.delete(keyOf(textHash));
  }

  #next(): PendingChunk | undefined {
    this.#recent = this.#recent.slice(this.#skipEmpty(this.#recent));
    const path = this.#first.find((candidate) => this.#byPath.has(candidate)) ?? this.#recent[0];
    const [chosen] = path === undefined ? this.#byPath.keys() : [path];
    const entries = chosen === undefined ? undefined : this.#byPath.get(chosen);
    const entry = entries?.shift();
    if (chosen === undefined || entries === undefined || entry === undefined) return undefined;
    if (entries.length === 0) this.#byPath.delete(chosen);
    this.#forget(entry);
    const { key, chunkId, characters } = entry;
    return { chunkId, path: chosen, textHash: Buffer.from(key, 'latin1'), characters };
  }

  #skipEmpty(paths: readonly string[]): number {
    const index = paths.findIndex((path) => this.#byPath.has(path));
    return index === -1 ? paths.length : index;
  }

  #forget({ key, characters }: Entry): void {
    if (this.#keys.delete(key)) this.#characters -= characters;
  }
}
