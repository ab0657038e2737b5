/** The part of `vscode.Memento` that the history needs. */
export interface HistoryStorage {
  get(key: string): unknown;
  update(key: string, value: unknown): Thenable<void>;
}

const storageKey = 'sextant.searchHistory';
const maxQueries = 100;
/** A pasted page is searched for once, but not kept. */
const maxLength = 1_000;

/** Queries the user ran on purpose in this workspace, newest first, each once. */
export class SearchHistory {
  readonly #storage: HistoryStorage;

  constructor(storage: HistoryStorage) {
    this.#storage = storage;
  }

  get queries(): readonly string[] {
    const stored = this.#storage.get(storageKey);
    return Array.isArray(stored) ? stored.filter((query) => typeof query === 'string') : [];
  }

  async remember(query: string): Promise<void> {
    const text = query.trim();
    if (text === '' || text.length > maxLength) return;
    const others = this.queries.filter((other) => other !== text);
    await this.#storage.update(storageKey, [text, ...others].slice(0, maxQueries));
  }

  async clear(): Promise<void> {
    await this.#storage.update(storageKey, []);
  }
}
