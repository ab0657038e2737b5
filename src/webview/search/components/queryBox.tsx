import type { Dispatch } from '../dispatch.ts';
import type { PanelState } from '../model/state.ts';
import { text } from '../text.ts';
import { Icon, IconButton } from '../../shared/icon.tsx';

export const queryId = 'query';

interface QueryBoxProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

/** Up and Down leave a box of several lines only from its very ends, as they move the caret inside. */
function atEdge(box: HTMLTextAreaElement, direction: 'up' | 'down'): boolean {
  if (box.selectionStart !== box.selectionEnd) return false;
  const lineHeight = parseFloat(getComputedStyle(box).lineHeight);
  const isOneLine = box.scrollHeight < lineHeight * 2;
  return isOneLine || box.selectionStart === (direction === 'up' ? 0 : box.value.length);
}

function onKeyDown(event: KeyboardEvent, { state, dispatch }: QueryBoxProps): void {
  const box = event.currentTarget as HTMLTextAreaElement;
  if (event.isComposing) return;
  if (event.key === 'Enter' && !event.shiftKey) dispatch({ type: 'submitted' });
  else if (event.key === 'Escape') dispatch({ type: 'escaped', from: 'query' });
  else if (event.key === 'ArrowDown' && (event.ctrlKey || event.metaKey)) dispatch({ type: 'listEntered' });
  else if (event.key === 'ArrowUp' && !event.shiftKey && atEdge(box, 'up')) {
    dispatch({ type: 'recalled', direction: 'older' });
  } else if (event.key === 'ArrowDown' && !event.shiftKey && atEdge(box, 'down')) {
    const walking = state.history.position !== null;
    dispatch(walking ? { type: 'recalled', direction: 'newer' } : { type: 'listEntered' });
  } else return;
  event.preventDefault();
}

/** The query, growing from one line to four. */
export function QueryBox({ state, dispatch }: QueryBoxProps) {
  const busy = state.pending !== null;
  return (
    <div class="query-box">
      <Icon name="search" />
      <textarea
        id={queryId}
        rows={1}
        spellcheck={false}
        autocomplete="off"
        placeholder={text.placeholder}
        aria-label={text.queryLabel}
        aria-description={text.queryHelp}
        value={state.query}
        onInput={(event) => dispatch({ type: 'typed', query: event.currentTarget.value })}
        onKeyDown={(event) => onKeyDown(event, { state, dispatch })}
      />
      {busy ? (
        <IconButton
          class="delayed"
          icon="stop-circle"
          label={text.cancel}
          onClick={() => dispatch({ type: 'cancelled' })}
        />
      ) : (
        state.query !== '' && (
          <IconButton icon="close" label={text.clear} onClick={() => dispatch({ type: 'cleared' })} />
        )
      )}
    </div>
  );
}
