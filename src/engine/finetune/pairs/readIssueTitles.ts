import type { HistoryStore } from '../../history/historyStore.ts';
import type { IssueTitles } from './issueTitle.ts';

const readAtOnce = 500;

/** Titles of the issues that were fetched or imported for a root; empty where none were. */
export function readIssueTitles(store: HistoryStore): IssueTitles {
  return store.readHistory((history) => {
    const titles = new Map<number, string>();
    for (let after = 0; ;) {
      const rows = history.moodRows('', after, readAtOnce);
      if (rows.length === 0) return titles;
      after = rows.at(-1)!.id;
      const ids = rows.filter(({ kind }) => kind === 'issue').map(({ id }) => id);
      for (const { key, title } of history.items(ids, undefined)) {
        if (/^\d+$/.test(key)) titles.set(Number(key), title);
      }
    }
  });
}
