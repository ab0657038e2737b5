import type { Dispatch } from '../dispatch.ts';
import { duration, lineRange, percent } from '../../shared/format.ts';
import { progressOf } from '../model/progress.ts';
import { splitPath } from '../model/rows.ts';
import { currentPage, type Answer, type Page, type PanelState } from '../model/state.ts';
import { text } from '../text.ts';
import { Icon, IconButton } from '../../shared/icon.tsx';

interface SummaryProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

/** The index has grown by at least this share since an answer, so that asking again is worth a click. */
const worthRefreshing = 0.05;

function hasGrown(state: PanelState, answer: Answer): boolean {
  const progress = progressOf(state.host.status);
  return progress !== null && progress.share - answer.embeddedShare >= worthRefreshing;
}

function facts(state: PanelState, answer: Answer): string[] {
  const backend = state.host.status?.backend;
  return [
    text.resultCount(answer.results, answer.more),
    duration(answer.tookMs),
    ...(answer.mode === answer.input.mode ? [] : [text.modes[answer.mode].label]),
    ...(answer.embeddedShare < 1 ? [text.embedded(percent(answer.embeddedShare))] : []),
    ...(backend === undefined || answer.mode === 'keyword' ? [] : [backend.name.toUpperCase()]),
  ];
}

function Line({ state, dispatch, page }: SummaryProps & { page: Page }) {
  if (page.kind === 'duplicates') return <span class="facts">{text.duplicateCount(page.groups.length)}</span>;
  const { answer } = page;
  if (answer === null) return <span class="facts">{state.pending === null ? '' : text.searching}</span>;
  const line = facts(state, answer).join(' · ');
  return (
    <>
      <span class="facts" title={`${line}${backendReason(state)}`}>
        {line}
      </span>
      {hasGrown(state, answer) && (
        <button type="button" class="link" title={text.grown} onClick={() => dispatch({ type: 'refreshed' })}>
          {text.refresh}
        </button>
      )}
    </>
  );
}

function backendReason(state: PanelState): string {
  const reason = state.host.status?.backend?.reason;
  return reason === undefined ? '' : `\n${reason}`;
}

/** Title of a list that did not come from the query, with the way back. */
function PageTitle({ page, dispatch }: { page: Page; dispatch: Dispatch }) {
  if (page.kind === 'search') return null;
  const title =
    page.kind === 'duplicates'
      ? text.duplicates
      : `${text.similarTo} ${splitPath(page.origin.path).name}:${lineRange(page.origin)}`;
  return (
    <div class="page-title">
      <IconButton icon="arrow-left" label={text.back} onClick={() => dispatch({ type: 'wentBack' })} />
      <h2 title={page.kind === 'similar' ? page.origin.path : undefined}>{title}</h2>
    </div>
  );
}

/** How many results, how fast, how much is embedded, and what ran it. */
export function Summary({ state, dispatch }: SummaryProps) {
  const page = currentPage(state);
  const hasRows = page.kind === 'duplicates' ? page.groups.length > 0 : (page.answer?.results.length ?? 0) > 0;
  const anyOpen = page.view.collapsed.length === 0;
  const asked = page.kind !== 'search' || page.answer !== null || state.pending !== null;
  if (!asked || (page.kind === 'search' && page.error !== null)) return null;
  const notice = page.kind === 'duplicates' ? null : (page.answer?.notice ?? null);
  return (
    <div class="summary">
      <PageTitle page={page} dispatch={dispatch} />
      <div class="summary-line">
        <Line state={state} dispatch={dispatch} page={page} />
        {hasRows && (
          <IconButton
            icon={anyOpen ? 'collapse-all' : 'expand-all'}
            label={anyOpen ? text.collapseAll : text.expandAll}
            onClick={() => dispatch({ type: 'allExpanded', open: !anyOpen })}
          />
        )}
      </div>
      {notice !== null && (
        <div class="notice">
          <Icon name="info" />
          <span>{notice}</span>
        </div>
      )}
    </div>
  );
}
