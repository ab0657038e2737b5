import type { HistoryItem } from '../../shared/history.ts';

const icons = { commit: 'git-commit', issue: 'issues', pullRequest: 'git-pull-request', comment: 'comment' } as const;
const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium' });

/** Codicon of a commit, issue or comment. */
export function historyIcon({ kind }: HistoryItem): string {
  return icons[kind];
}

/** First line of what was said. */
export function historyTitle({ title, body }: HistoryItem): string {
  return title || (body.split('\n').find((line) => line.trim() !== '') ?? '');
}

/** Number or short object name. */
export function historyName({ kind, key }: HistoryItem): string {
  if (kind === 'commit') return key.slice(0, 8);
  return key.startsWith('!') ? key : `#${key}`;
}

export function historyDate({ at }: HistoryItem): string {
  return dateFormat.format(at * 1000);
}

/** Number, day and author. */
export function historyFacts(item: HistoryItem): string {
  return [historyName(item), historyDate(item), item.author].filter((part) => part !== '').join(' · ');
}
