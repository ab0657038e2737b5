import type { HistoryStorage } from '../../src/extension/views/searchHistory.ts';

/** A memento that forgets with the test. */
export function memoryStorage(initial: Readonly<Record<string, unknown>> = {}): HistoryStorage {
  const values = new Map(Object.entries(initial));
  return {
    get: (key) => values.get(key),
    update: (key, value) => {
      values.set(key, value);
      return Promise.resolve();
    },
  };
}
