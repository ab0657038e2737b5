/** Queries the user ran on purpose, newest first, and where Up and Down have walked to. */
export interface History {
  readonly queries: readonly string[];
  /** Index into `queries`; null while the user writes something of their own. */
  readonly position: number | null;
  /** What stood in the box before the walk began; Down past the newest brings it back. */
  readonly draft: string;
}

export const emptyHistory: History = { queries: [], position: null, draft: '' };

/** Takes over the host's list and ends a walk. */
export function withQueries(history: History, queries: readonly string[]): History {
  return { ...history, queries, position: null };
}

/** Ends a walk because the user typed. */
export function restart(history: History): History {
  return history.position === null ? history : { ...history, position: null, draft: '' };
}

/**
 * One step through the history.
 * @returns the new history and the query to show, or null where there is nothing further in that direction
 */
export function recall(
  history: History,
  direction: 'older' | 'newer',
  current: string,
): { history: History; query: string } | null {
  const { queries, position } = history;
  if (direction === 'older') {
    // Skips entries equal to what the box shows already, so that each key press changes something.
    let next = position === null ? 0 : position + 1;
    while (queries[next] === current) next += 1;
    const query = queries[next];
    if (query === undefined) return null;
    return { history: { ...history, position: next, draft: position === null ? current : history.draft }, query };
  }
  if (position === null) return null;
  const query = queries[position - 1];
  if (query === undefined) return { history: { ...history, position: null }, query: history.draft };
  return { history: { ...history, position: position - 1 }, query };
}
