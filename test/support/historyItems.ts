import type { NewHistoryItem } from '../../src/engine/store/history/historyTypes.ts';

/** A commit with what a test does not care about filled in. */
export function historyItem(key: string, title: string, rest: Partial<NewHistoryItem> = {}): NewHistoryItem {
  return {
    kind: 'commit',
    key,
    title,
    body: '',
    authorName: 'Ada',
    authorEmail: 'ada@example.org',
    at: 1_700_000_000,
    merge: false,
    files: [],
    ...rest,
  };
}
