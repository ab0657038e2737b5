import { useLayoutEffect, useRef } from 'preact/hooks';
import type { Dispatch } from '../dispatch.ts';
import { currentPage, type PanelState } from '../model/state.ts';
import { FilterBar } from './filterBar.tsx';
import { IndexingBar } from './indexingBar.tsx';
import { QueryBox } from './queryBox.tsx';
import { ResultTree } from './resultTree.tsx';
import { Summary } from './summary.tsx';
import { Blocked, Failure, NoDuplicates, NoResults, Start } from './welcome.tsx';

interface PanelProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

/** The whole search panel, as the state says. */
export function Panel({ state, dispatch }: PanelProps) {
  const { blocker, error } = state.host;
  if (blocker === 'noFolder' || blocker === 'untrusted') {
    return (
      <div class="panel">
        <Blocked blocker={blocker} error={error} dispatch={dispatch} />
      </div>
    );
  }
  const busy = state.pending !== null || !state.host.connected;
  return (
    <div class="panel" aria-busy={isAsking(state)}>
      <header class="head">
        <QueryBox state={state} dispatch={dispatch} />
        <FilterBar state={state} dispatch={dispatch} />
      </header>
      <Summary state={state} dispatch={dispatch} />
      <div class={busy ? 'progress busy' : 'progress'} aria-hidden="true">
        <span />
      </div>
      {blocker === 'engineDown' ? (
        <main class="body">
          <Blocked blocker={blocker} error={error} dispatch={dispatch} />
        </main>
      ) : (
        <Body state={state} dispatch={dispatch} />
      )}
      <IndexingBar state={state} dispatch={dispatch} />
    </div>
  );
}

function Content({ state, dispatch }: PanelProps) {
  const page = currentPage(state);
  if (page.kind === 'duplicates') {
    return page.groups.length === 0 ? <NoDuplicates /> : <ResultTree state={state} dispatch={dispatch} />;
  }
  if (page.error !== null) return <Failure error={page.error} dispatch={dispatch} />;
  if (page.answer === null)
    return page.kind === 'search' && state.host.connected && !isAsking(state) ? (
      <Start state={state} dispatch={dispatch} />
    ) : null;
  if (page.answer.results.length === 0) return <NoResults state={state} dispatch={dispatch} answer={page.answer} />;
  return <ResultTree state={state} dispatch={dispatch} />;
}

function isAsking(state: PanelState): boolean {
  return state.pending !== null || state.debouncing;
}

const scrollRest = 120;

/** The scrolling part. Its position belongs to the state, so that it survives hiding the panel and going back. */
function Body({ state, dispatch }: PanelProps) {
  const body = useRef<HTMLElement>(null);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const page = currentPage(state);
  const input = page.kind === 'duplicates' ? page.groups : (page.answer?.input ?? null);
  useLayoutEffect(() => {
    clearTimeout(timer.current);
    if (body.current !== null) body.current.scrollTop = page.view.scroll;
  }, [state.pages.length, input]);
  const onScroll = () => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => dispatch({ type: 'scrolled', top: body.current?.scrollTop ?? 0 }), scrollRest);
  };
  const stale = state.pending !== null && state.pending.kind !== 'more' && !state.pending.keepView;
  return (
    <main ref={body} class={stale ? 'body stale' : 'body'} onScroll={onScroll}>
      <Content state={state} dispatch={dispatch} />
    </main>
  );
}
