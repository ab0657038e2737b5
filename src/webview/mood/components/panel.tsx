import type { MoodReport } from '../../../shared/mood.ts';
import type { MoodToHost } from '../../../shared/moodPanel.ts';
import { Button } from '../../shared/icon.tsx';
import type { Dispatch } from '../dispatch.ts';
import { shareOf, totalOf } from '../model/chart.ts';
import type { MoodState } from '../model/state.ts';
import { text } from '../text.ts';
import { Authors } from './authors.tsx';
import { Filters } from './filters.tsx';
import { Items } from './items.tsx';
import { Places } from './places.tsx';
import { Timeline } from './timeline.tsx';

type Command = Extract<MoodToHost, { type: 'command' }>['command'];

interface PartProps {
  readonly state: MoodState;
  readonly dispatch: Dispatch;
}

function command(dispatch: Dispatch, name: Command): () => void {
  return () => dispatch({ type: 'posted', message: { type: 'command', command: name } });
}

function progressText({ progress, report }: MoodState): string {
  switch (progress.phase) {
    case 'reading':
      return text.readingHistory;
    case 'classifying':
      return text.classifying(progress.classified, progress.items);
    case 'embedding':
      return text.embedding;
    case 'paused':
      return text.paused;
    case 'idle':
      return report !== null && report.pending > 0 ? text.waiting(report.pending) : '';
  }
}

function Progress({ state, dispatch }: PartProps) {
  const { phase } = state.progress;
  const said = progressText(state);
  if (said === '') return null;
  const paused = phase === 'paused';
  return (
    <div class="status" role="status">
      <span>{said}</span>
      {(paused || phase === 'classifying') && (
        <button
          type="button"
          class="link"
          onClick={() => dispatch({ type: 'posted', message: { type: paused ? 'resume' : 'pause' } })}
        >
          {paused ? text.resume : text.pause}
        </button>
      )}
    </div>
  );
}

function Summary({ report }: { report: MoodReport }) {
  const { counts, skipped } = report;
  return (
    <p class="summary" title={skipped === 0 ? '' : text.skipped(skipped)}>
      {text.summary(totalOf(counts), shareOf(counts, 'negative'), shareOf(counts, 'positive'))}
    </p>
  );
}

function Failure({ state, dispatch }: PartProps) {
  const { error } = state;
  if (error === null) return null;
  return (
    <div class="failure" role="alert">
      <p>{error.message}</p>
      {error.hint !== undefined && <p class="dim">{error.hint}</p>}
      <button type="button" class="link" onClick={command(dispatch, 'showLog')}>
        {text.showLog}
      </button>
    </div>
  );
}

function Blocked({ state, dispatch }: PartProps) {
  const down = state.blocker === 'engineDown';
  return (
    <div class="welcome">
      <p>{down ? text.engineDown : text.noFolder}</p>
      <Button onClick={command(dispatch, down ? 'restartEngine' : 'openFolder')}>
        {down ? text.restartEngine : text.openFolder}
      </Button>
    </div>
  );
}

/** Nothing to show: because nothing is there, or because the filters let nothing through. */
function Empty({ state, dispatch }: PartProps) {
  const { sources, paths, period, label, author, range } = state.query;
  const filtered = paths !== '' || period !== null || label !== '' || author !== '' || range !== 'all';
  const issues = sources === 'issues' && state.report?.labels.length === 0;
  return (
    <div class="welcome">
      <p>{filtered && !issues ? text.noMatch : sources === 'issues' ? text.emptyIssues : text.empty}</p>
      {sources === 'issues' && <Button onClick={command(dispatch, 'fetchIssues')}>{text.fetchIssues}</Button>}
      {sources === 'issues' && (
        <Button secondary onClick={command(dispatch, 'importIssues')}>
          {text.importIssues}
        </Button>
      )}
    </div>
  );
}

function Foot({ dispatch }: { dispatch: Dispatch }) {
  return (
    <footer>
      <div class="actions">
        <span class="dim">{text.export}:</span>
        <button type="button" class="link" onClick={() => dispatch({ type: 'exported', format: 'csv' })}>
          {text.csv}
        </button>
        <button type="button" class="link" onClick={() => dispatch({ type: 'exported', format: 'json' })}>
          {text.json}
        </button>
        <button type="button" class="link" onClick={command(dispatch, 'fetchIssues')}>
          {text.fetchIssues}
        </button>
      </div>
      <p class="dim">{text.note}</p>
    </footer>
  );
}

function Report({ state, dispatch }: PartProps) {
  const { report } = state;
  if (report === null) return null;
  if (report.items === 0) return <Empty state={state} dispatch={dispatch} />;
  return (
    <>
      <Summary report={report} />
      <Timeline timeline={report.timeline} dispatch={dispatch} />
      {state.query.sources !== 'issues' && <Places report={report} dispatch={dispatch} />}
      <Items title={text.mostNegative} items={report.negative} state={state} dispatch={dispatch} />
      <Items title={text.mostPositive} items={report.positive} state={state} dispatch={dispatch} />
      <Authors state={state} dispatch={dispatch} />
      <Foot dispatch={dispatch} />
    </>
  );
}

export function Panel({ state, dispatch }: PartProps) {
  if (state.blocker !== null) return <Blocked state={state} dispatch={dispatch} />;
  const busy = state.asked !== state.answered || state.progress.phase === 'classifying';
  return (
    <main class="panel" aria-busy={busy}>
      <Filters state={state} dispatch={dispatch} />
      <div class={busy ? 'progress busy' : 'progress'}>
        <span />
      </div>
      <div class="body">
        <Progress state={state} dispatch={dispatch} />
        <Failure state={state} dispatch={dispatch} />
        <Report state={state} dispatch={dispatch} />
      </div>
    </main>
  );
}
