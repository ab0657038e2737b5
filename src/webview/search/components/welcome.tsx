import type { ComponentChildren } from 'preact';
import type { SerializedError } from '../../../shared/errors.ts';
import type { PanelBlocker } from '../../../shared/panelProtocol.ts';
import type { SearchMode } from '../../../shared/search.ts';
import type { Dispatch } from '../dispatch.ts';
import { percent } from '../../shared/format.ts';
import type { PanelCommand } from '../model/event.ts';
import { listFilters } from '../model/filters.ts';
import { isGrowing, progressOf } from '../model/progress.ts';
import type { Answer, PanelState } from '../model/state.ts';
import { text } from '../text.ts';
import { Button, Icon } from '../../shared/icon.tsx';

interface MessageProps {
  readonly icon: string;
  readonly title: string;
  readonly children?: ComponentChildren;
}

/** A message in place of results. */
function Message({ icon, title, children }: MessageProps) {
  return (
    <div class="message">
      <Icon name={icon} />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

interface StateProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

const blockerIcons: Record<PanelBlocker, string> = {
  noFolder: 'folder-opened',
  untrusted: 'workspace-untrusted',
  engineDown: 'debug-disconnect',
};

const blockerActions: Record<PanelBlocker, readonly (readonly [string, PanelCommand])[]> = {
  noFolder: [[text.openFolder, 'openFolder']],
  untrusted: [[text.manageTrust, 'manageTrust']],
  engineDown: [
    [text.restart, 'restartEngine'],
    [text.showLog, 'showLog'],
  ],
};

/** Why there is nothing to search in, with the one thing to do about it. */
export function Blocked({
  blocker,
  error,
  dispatch,
}: {
  blocker: PanelBlocker;
  error: SerializedError | null;
  dispatch: Dispatch;
}) {
  const { title, detail } = text.blockers[blocker];
  return (
    <Message icon={blockerIcons[blocker]} title={error?.message ?? title}>
      <p>{error?.hint ?? detail}</p>
      <div class="buttons">
        {blockerActions[blocker].map(([label, command], index) => (
          <Button key={command} secondary={index > 0} onClick={() => dispatch({ type: 'commanded', command })}>
            {label}
          </Button>
        ))}
      </div>
    </Message>
  );
}

/** An error of one search, where its results would be. */
export function Failure({ error, dispatch }: { error: SerializedError; dispatch: Dispatch }) {
  return (
    <div class="failure" role="alert">
      <Icon name="error" />
      <div>
        <p>{error.message}</p>
        {error.hint !== undefined && <p class="dim">{error.hint}</p>}
        <div class="links">
          <button type="button" class="link" onClick={() => dispatch({ type: 'refreshed' })}>
            {text.tryAgain}
          </button>
          <button type="button" class="link" onClick={() => dispatch({ type: 'commanded', command: 'showLog' })}>
            {text.showLog}
          </button>
        </div>
      </div>
    </div>
  );
}

/** What else could be tried when nothing was found. */
export function NoResults({ state, dispatch, answer }: StateProps & { answer: Answer }) {
  const progress = progressOf(state.host.status);
  const filtered = listFilters(answer.input.filters).length > 0;
  const others = (['hybrid', 'semantic', 'keyword'] as const).filter((mode) => mode !== answer.input.mode);
  const better: SearchMode[] = answer.input.mode === 'hybrid' ? [] : others.filter((mode) => mode === 'hybrid');
  const partly = progress !== null && progress.share < 1;
  return (
    <Message
      icon="search-stop"
      title={answer.input.query === '' ? text.noSimilar : text.noResultsFor(answer.input.query)}
    >
      <p>{partly ? text.partlyEmbedded(percent(progress.share)) : text.loosenQuery}</p>
      <div class="buttons">
        {filtered && (
          <Button onClick={() => dispatch({ type: 'filtersChosen', filters: {} })}>{text.clearFilters}</Button>
        )}
        {better.map((mode) => (
          <Button key={mode} secondary={filtered} onClick={() => dispatch({ type: 'modeChosen', mode })}>
            {text.tryMode(mode)}
          </Button>
        ))}
      </div>
    </Message>
  );
}

export function NoDuplicates() {
  return (
    <Message icon="pass" title={text.duplicateCount(0)}>
      <p>{text.noDuplicates}</p>
      <p>{text.noDuplicatesHint}</p>
    </Message>
  );
}

/** Before the first query: what can be asked, and what was asked before. */
export function Start({ state, dispatch }: StateProps) {
  const progress = progressOf(state.host.status);
  if (progress !== null && progress.files === 0 && progress.phase === 'ready') {
    return (
      <Message icon="files" title={text.emptyWorkspace}>
        <p>{text.emptyWorkspaceHint}</p>
        <div class="buttons">
          <Button onClick={() => dispatch({ type: 'commanded', command: 'reindex' })}>{text.reindex}</Button>
        </div>
      </Message>
    );
  }
  const recent = state.history.queries.slice(0, 8);
  const pick = (query: string) => dispatch({ type: 'historyPicked', query });
  return (
    <div class="start">
      {isGrowing(progress) && <p class="dim">{text.indexingHint}</p>}
      <div class="start-heading">
        <h2>{recent.length > 0 ? text.recent : text.hints}</h2>
        {recent.length > 0 && (
          <button type="button" class="link" onClick={() => dispatch({ type: 'historyCleared' })}>
            {text.clearHistory}
          </button>
        )}
      </div>
      {(recent.length > 0 ? recent : text.examples).map((query) => (
        <button key={query} type="button" class="start-item" title={query} onClick={() => pick(query)}>
          <Icon name={recent.length > 0 ? 'history' : 'search'} />
          <span>{query}</span>
        </button>
      ))}
    </div>
  );
}
