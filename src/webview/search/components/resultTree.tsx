import type { VNode } from 'preact';
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { Dispatch } from '../dispatch.ts';
import { visibleRows, type Row } from '../model/rows.ts';
import { currentPage, type PanelState } from '../model/state.ts';
import { text } from '../text.ts';
import { duplicateTree } from './duplicateTree.tsx';
import { fileTree } from './fileTree.tsx';
import { Menu, type MenuItem } from './menu.tsx';
import type { RowAction } from './treeKeys.ts';
import { handleKey, rowId, type Act } from './treeKeys.ts';

export const listId = 'list';

interface OpenMenu {
  readonly row: Row;
  readonly at: { readonly x: number; readonly y: number };
}

interface ResultTreeProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

/**
 * The list of results. One element keeps the focus and names the active row (`aria-activedescendant`), so that
 * new answers can replace all rows without the focus getting lost.
 */
export function ResultTree({ state, dispatch }: ResultTreeProps) {
  const page = currentPage(state);
  const rows = visibleRows(page);
  const { active } = page.view;
  const activeIndex = rows.findIndex((row) => row.key === active);
  const list = useRef<HTMLDivElement>(null);
  const [menu, setMenu] = useState<OpenMenu | null>(null);

  useLayoutEffect(() => {
    if (activeIndex >= 0) document.getElementById(rowId(activeIndex))?.scrollIntoView({ block: 'nearest' });
  }, [active]);

  const act: Act = (key, action, at) => {
    const row = rows.find((other) => other.key === key);
    if (row === undefined) return;
    list.current?.focus({ preventScroll: true });
    if (action === 'open' || action === 'side') dispatch({ type: 'opened', key, how: action });
    else if (action === 'similar') dispatch({ type: 'similarAsked', key });
    else if (action === 'copyText') dispatch({ type: 'copied', key, what: 'text' });
    else if (action === 'copyPath') dispatch({ type: 'copied', key, what: 'path' });
    else if (action === 'why') dispatch({ type: 'expanded', key, open: row.open !== true });
    else {
      dispatch({ type: 'moved', key, quiet: true });
      setMenu({ row, at: at ?? { x: 0, y: 0 } });
    }
  };

  const onKeyDown = (event: KeyboardEvent) => {
    if (handleKey(event, { list: list.current!, rows, active, activeIndex, dispatch, act })) event.preventDefault();
  };

  const keyOf = (event: Event) =>
    event.target instanceof Element ? event.target.closest<HTMLElement>('[data-key]')?.dataset.key : undefined;

  const onClick = (event: MouseEvent) => {
    const row = rows.find((other) => other.key === keyOf(event));
    if (row === undefined || (event.target as Element).closest('button') !== null) return;
    if (row.level === 1) {
      dispatch({ type: 'moved', key: row.key, quiet: true });
      dispatch({ type: 'expanded', key: row.key, open: row.open !== true });
      return;
    }
    // Code was selected with the mouse, to be copied.
    if (event.detail === 1 && window.getSelection()?.type === 'Range') return;
    const line = Number((event.target as Element).closest<HTMLElement>('[data-line]')?.dataset.line);
    const side = event.ctrlKey || event.metaKey || event.altKey;
    const how = side ? 'side' : event.detail > 1 ? 'open' : 'preview';
    dispatch({ type: 'opened', key: row.key, how, ...(line > 0 ? { line } : {}) });
  };

  const onContextMenu = (event: MouseEvent) => {
    const key = keyOf(event);
    if (key === undefined) return;
    event.preventDefault();
    act(key, 'menu', { x: event.clientX, y: event.clientY });
  };

  const context = { rows, active, act, multiRoot: state.multiRoot, status: state.host.status };
  return (
    <>
      <div
        ref={list}
        id={listId}
        class="tree"
        role="tree"
        tabIndex={0}
        aria-label={page.kind === 'duplicates' ? text.duplicates : text.results}
        aria-activedescendant={activeIndex < 0 ? undefined : rowId(activeIndex)}
        aria-busy={state.pending !== null}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onContextMenu={onContextMenu}
      >
        {page.kind === 'duplicates'
          ? duplicateTree(page.groups, context)
          : fileTree(page.answer?.results ?? [], page.view, context)}
      </div>
      <EndMark state={state} dispatch={dispatch} />
      {menu !== null && (
        <Menu
          label={text.actions}
          items={menuItems(menu.row, act)}
          at={menu.at}
          onClose={() => {
            setMenu(null);
            list.current?.focus({ preventScroll: true });
          }}
        />
      )}
    </>
  );
}

/** Asks for more results when it comes into sight. */
function EndMark({ state, dispatch }: ResultTreeProps): VNode | null {
  const mark = useRef<HTMLDivElement>(null);
  const page = currentPage(state);
  const more = page.kind === 'search' && page.answer?.more === true;
  const shown = page.kind === 'search' ? (page.answer?.results.length ?? 0) : 0;
  const idle = state.pending === null;
  useEffect(() => {
    if (!more || !idle || mark.current === null) return;
    const observer = new IntersectionObserver(
      (entries) => {
        if (entries.some((entry) => entry.isIntersecting)) dispatch({ type: 'endReached' });
      },
      { root: mark.current.closest('.body'), rootMargin: '200px' },
    );
    observer.observe(mark.current);
    return () => observer.disconnect();
  }, [more, idle, shown]);
  if (!more) return null;
  return (
    <div ref={mark} class="end-mark dim" aria-hidden="true">
      {text.searching}
    </div>
  );
}

function menuItems(row: Row, act: Act): MenuItem[] {
  const item = (label: string, action: RowAction, keys?: string): MenuItem => ({
    label,
    run: () => act(row.key, action),
    ...(keys === undefined ? {} : { keys }),
  });
  const opening = [item(text.open, 'open', 'Enter'), item(text.openToSide, 'side', 'Ctrl+Enter')];
  const copying = { ...item(text.copyPath, 'copyPath'), separated: row.kind !== 'result' };
  if (row.kind === 'file' || row.kind === 'group') return [...opening, copying];
  const similar = { ...item(text.findSimilar, 'similar'), separated: true };
  if (row.kind === 'member') return [...opening, similar, copying];
  return [
    ...opening,
    similar,
    item(row.open === true ? text.hideWhy : text.showWhy, 'why', row.open === true ? '←' : '→'),
    { ...item(text.copyCode, 'copyText', 'Ctrl+C'), separated: true },
    copying,
  ];
}
