import type { SerializedError } from '../../../shared/errors.ts';
import type { Dispatch } from '../dispatch.ts';
import { eta, percent } from '../../shared/format.ts';
import { isGrowing, progressOf, type Progress } from '../model/progress.ts';
import type { PanelState } from '../model/state.ts';
import { text } from '../text.ts';
import { Icon, IconButton } from '../../shared/icon.tsx';

interface BarProps {
  readonly state: PanelState;
  readonly dispatch: Dispatch;
}

/** At the foot of the panel: what went wrong with the index, and how far it is while it is being built or paused. */
export function IndexingBar({ state, dispatch }: BarProps) {
  const { status, restricted } = state.host;
  const progress = progressOf(status);
  const failure = status?.roots.find((root) => root.error !== undefined)?.error ?? status?.modelError;
  const unfinished = progress !== null && (isGrowing(progress) || progress.phase === 'paused');
  return (
    <>
      {failure !== undefined && <FailureBar failure={failure} dispatch={dispatch} />}
      {unfinished && <ProgressBar progress={progress} dispatch={dispatch} />}
      {restricted && !unfinished && (
        <div class="foot">
          <Icon name="shield" />
          <span class="foot-text" title={text.restricted}>
            {text.restricted}
          </span>
        </div>
      )}
    </>
  );
}

function FailureBar({ failure, dispatch }: { failure: SerializedError; dispatch: Dispatch }) {
  const line = [failure.message, failure.hint ?? ''].join(' ').trim();
  return (
    <div class="foot failed" role="status">
      <Icon name="warning" />
      <span class="foot-text" title={line}>
        {line}
      </span>
      <button type="button" class="link" onClick={() => dispatch({ type: 'commanded', command: 'showLog' })}>
        {text.showLog}
      </button>
    </div>
  );
}

function progressLine({ phase, files, chunks, share, etaSeconds }: Progress): string {
  return [
    text.phases[phase],
    text.files(files),
    ...(chunks === 0 ? [] : [text.embedded(percent(share))]),
    ...(etaSeconds === null || phase === 'paused' ? [] : [text.eta(eta(etaSeconds))]),
  ].join(' · ');
}

function ProgressBar({ progress, dispatch }: { progress: Progress; dispatch: Dispatch }) {
  const paused = progress.phase === 'paused';
  const measured = progress.phase === 'embedding' || paused;
  const line = progressLine(progress);
  const file = paused ? null : progress.currentFile;
  return (
    <div class="foot">
      <div
        class={measured ? 'foot-bar' : 'foot-bar indeterminate'}
        role="progressbar"
        aria-label={text.phases[progress.phase]}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(measured ? { 'aria-valuenow': Math.round(progress.share * 100) } : {})}
      >
        <span style={{ width: measured ? `${progress.share * 100}%` : '' }} />
      </div>
      <span class="foot-text" title={file === null ? line : `${line}\n${file}`}>
        {line}
        {file !== null && <span class="current-file">{file}</span>}
      </span>
      <IconButton
        icon={paused ? 'debug-continue' : 'debug-pause'}
        label={paused ? text.resume : text.pause}
        onClick={() => dispatch({ type: 'commanded', command: paused ? 'resumeIndexing' : 'pauseIndexing' })}
      />
    </div>
  );
}
