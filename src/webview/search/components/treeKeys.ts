import type { Dispatch } from '../dispatch.ts';
import { moveFrom, sidestep, type Row } from '../model/rows.ts';

export type RowAction = 'open' | 'side' | 'similar' | 'copyText' | 'copyPath' | 'why' | 'menu';

/** Does something to a row; `at` is where a menu opens. */
export type Act = (key: string, action: RowAction, at?: { x: number; y: number }) => void;

/** Index-based ids: `aria-activedescendant` needs ids, and keys hold characters that ids may not. */
export function rowId(index: number): string {
  return `row-${index}`;
}

/** The rows that fit into the list's window, for PageUp and PageDown. */
function pageStep(list: HTMLElement, rows: readonly Row[], from: number, direction: 1 | -1): string | null {
  const height = list.closest('.body')?.clientHeight ?? 400;
  const start = document.getElementById(rowId(Math.max(0, from)))?.offsetTop ?? 0;
  let index = Math.max(0, from);
  while (rows[index + direction] !== undefined) {
    const top = document.getElementById(rowId(index + direction))?.offsetTop ?? 0;
    if (Math.abs(top - start) > height - 22 && index !== from) break;
    index += direction;
  }
  return rows[index]?.key ?? null;
}

export interface KeyContext {
  readonly list: HTMLElement;
  readonly rows: readonly Row[];
  readonly active: string | null;
  readonly activeIndex: number;
  readonly dispatch: Dispatch;
  readonly act: Act;
}

const movements = { ArrowDown: 'next', ArrowUp: 'previous', Home: 'first', End: 'last' } as const;

function handleMovement(event: KeyboardEvent, context: KeyContext): boolean {
  const { list, rows, active, activeIndex, dispatch } = context;
  const { key } = event;
  if (key === 'PageDown' || key === 'PageUp') {
    const target = pageStep(list, rows, activeIndex, key === 'PageDown' ? 1 : -1);
    if (target !== null) dispatch({ type: 'moved', key: target });
    return true;
  }
  if (key === 'ArrowLeft' || key === 'ArrowRight') {
    const step = sidestep(rows, active, key === 'ArrowLeft' ? 'left' : 'right');
    if (step !== null && 'move' in step) dispatch({ type: 'moved', key: step.move });
    else if (step !== null) dispatch({ type: 'expanded', ...step });
    return true;
  }
  if (!(key in movements) || event.ctrlKey) return false;
  const target = moveFrom(rows, active, movements[key as keyof typeof movements]);
  if (target !== null) dispatch({ type: 'moved', key: target.key });
  else dispatch({ type: 'queryEntered' });
  return true;
}

/** Does what a key means in the tree; false when it means nothing there. */
export function handleKey(event: KeyboardEvent, context: KeyContext): boolean {
  const { rows, activeIndex, dispatch, act } = context;
  const modified = event.ctrlKey || event.metaKey;
  if (event.isComposing || event.target !== event.currentTarget) return false;
  if (handleMovement(event, context)) return true;
  if (event.key === 'Escape') {
    dispatch({ type: 'escaped', from: 'list' });
    return true;
  }
  if (event.key === 'ArrowUp' && modified) {
    dispatch({ type: 'queryEntered' });
    return true;
  }
  if (event.key.length === 1 && event.key !== ' ' && !modified && !event.altKey) {
    dispatch({ type: 'typedAhead', characters: event.key });
    return true;
  }
  const row = rows[activeIndex];
  if (row === undefined) return false;
  if (event.key === 'Enter') {
    if (row.level === 1 && !modified) dispatch({ type: 'expanded', key: row.key, open: row.open !== true });
    else dispatch({ type: 'opened', key: row.key, how: modified ? 'side' : 'open' });
    return true;
  }
  if (event.key === ' ') {
    dispatch({ type: 'opened', key: row.key, how: 'preview' });
    return true;
  }
  if (modified && event.key.toLowerCase() === 'c') {
    act(row.key, row.kind === 'result' ? 'copyText' : 'copyPath');
    return true;
  }
  if (event.key === 'ContextMenu' || (event.key === 'F10' && event.shiftKey)) {
    const box = document.getElementById(rowId(activeIndex))?.getBoundingClientRect();
    act(row.key, 'menu', { x: (box?.left ?? 0) + 24, y: (box?.top ?? 0) + 22 });
    return true;
  }
  return false;
}
