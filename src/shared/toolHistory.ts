import type { HistoryItem } from './history.ts';

/** A commit, issue or comment in the structured form of an answer. */
export interface ToolHistoryItem {
  /** A commit's object name, shortened as git does; the number of an issue. */
  readonly id: string;
  readonly kind: HistoryItem['kind'];
  /** Day, as `2026-01-31` (UTC). */
  readonly date: string;
  readonly title: string;
  readonly message?: string;
  /** Some of the files that a commit changed. */
  readonly files?: readonly string[];
}

const shortName = 12;
const mostFiles = 8;

function clipped(body: string, lines: number): string {
  const all = body.trim().split('\n');
  return all.length <= lines ? all.join('\n') : [...all.slice(0, lines), '…'].join('\n');
}

/** `lines` of the message, and the files where there is room for a message. The author is not named: `git` knows. */
export function historyBlock(
  item: HistoryItem,
  lines: number,
): { readonly text: string; readonly result: ToolHistoryItem } {
  const id = item.kind === 'commit' ? item.key.slice(0, shortName) : item.key;
  const date = new Date(item.at * 1000).toISOString().slice(0, 10);
  const head = [item.source, id].filter((part) => part !== '').join(' ');
  const message = lines === 0 ? '' : clipped(item.body, lines);
  const files = lines === 0 ? [] : item.files.slice(0, mostFiles);
  const more = item.fileCount > files.length ? `, and ${item.fileCount - files.length} more` : '';
  const text = [
    `${head}  ${date}  ${item.title}`,
    ...(message === '' ? [] : [message.replaceAll(/^(?=.)/gm, '  ')]),
    ...(files.length === 0 ? [] : [`  files: ${files.join(', ')}${more}`]),
  ].join('\n');
  const result = {
    id,
    kind: item.kind,
    date,
    title: item.title,
    ...(message === '' ? {} : { message }),
    ...(files.length === 0 ? {} : { files }),
  };
  return { text, result };
}
