import type { Dispatch } from '../dispatch.ts';
import { eta, percent } from '../format.ts';
import { isGrowing, progressOf } from '../model/progress.ts';
import type { PanelState } from '../model/state.ts';
import { text } from '../text.ts';
import { Icon, IconButton } from './icon.tsx';

interface IndexingBarProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

/** At the foot of the panel while the index is being built, is paused or has failed. */
export function IndexingBar({ state, dispatch }: IndexingBarProps) {
  const { status, restricted } = state.host;
  const progress = progressOf(status);
  const failed = status?.roots.find((root) => root.error !== undefined)?.error ?? status?.modelError;
  if (failed !== undefined) {
    return (
      <div class="foot failed" role="status">
        <Icon name="warning" />
        <span class="foot-text" title={failed.hint}>
          {failed.message} {failed.hint}
        </span>
        <button type="button" class="link" onClick={() => dispatch({ type: 'commanded', command: 'showLog' })}>
          {text.showLog}
        </button>
      </div>
    );
  }
  if (progress === null || progress.phase === 'ready' || progress.phase === 'error') {
    if (!restricted) return null;
    return (
      <div class="foot">
        <Icon name="shield" />
        <span class="foot-text">{text.restricted}</span>
      </div>
    );
  }
  const paused = progress.phase === 'paused';
  const determinate = progress.phase === 'embedding' || paused;
  const left = progress.etaSeconds === null || paused ? [] : [text.eta(eta(progress.etaSeconds))];
  const line = [text.phases[progress.phase], text.filesAndShare(progress.files, percent(progress.share)), ...left].join(
    ' · ',
  );
  return (
    <div class={isGrowing(progress) ? 'foot growing' : 'foot'}>
      <div
        class={determinate ? 'foot-bar' : 'foot-bar indeterminate'}
        role="progressbar"
        aria-label={text.phases[progress.phase]}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(determinate ? { 'aria-valuenow': Math.round(progress.share * 100) } : {})}
      >
        <span style={{ width: determinate ? `${progress.share * 100}%` : '' }} />
      </div>
      <span class="foot-text" title={progress.currentFile ?? line}>
        {line}
        {progress.currentFile !== null && !paused && <span class="current-file">{progress.currentFile}</span>}
      </span>
      <IconButton
        icon={paused ? 'debug-continue' : 'debug-pause'}
        label={paused ? text.resume : text.pause}
        onClick={() => dispatch({ type: 'commanded', command: paused ? 'resumeIndexing' : 'pauseIndexing' })}
      />
    </div>
  );
}
