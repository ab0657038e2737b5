import { useState } from 'preact/hooks';
import type { FinetuneViewState } from '../../../shared/finetunePanel.ts';
import { percent } from '../../shared/format.ts';
import { Button } from '../../shared/icon.tsx';
import type { Send } from '../dispatch.ts';
import { text } from '../text.ts';
import { ReportView } from './measureReport.tsx';
import { RunHistory } from './runHistory.tsx';
import { RunSteps } from './runSteps.tsx';

interface AppProps {
  readonly state: FinetuneViewState;
  readonly send: Send;
}

function Blocked({ state, send }: AppProps) {
  const { blocker } = state;
  if (blocker === null) return null;
  return (
    <div class="blocked">
      <p>{text.blockers[blocker]}</p>
      {blocker === 'noFolder' && (
        <Button onClick={() => send({ type: 'command', command: 'openFolder' })}>Open Folder</Button>
      )}
      {blocker === 'engineDown' && (
        <div class="buttons">
          <Button onClick={() => send({ type: 'command', command: 'restartEngine' })}>Restart Engine</Button>
          <Button secondary onClick={() => send({ type: 'command', command: 'showLog' })}>
            {text.showLog}
          </Button>
        </div>
      )}
    </div>
  );
}

function RootChoice({ state, send }: AppProps) {
  if (state.roots.length < 2 || state.root === null) return null;
  return (
    <label class="root-choice">
      <span>{text.folder}</span>
      <select value={state.root} onChange={(event) => send({ type: 'chooseRoot', root: event.currentTarget.value })}>
        {state.roots.map(({ uri, name }) => (
          <option key={uri} value={uri}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

function Measuring({ state, send }: AppProps) {
  const { measuring, report } = state;
  return (
    <section>
      <h2>{text.measureTitle}</h2>
      <p class="dim">{text.measureIntro}</p>
      {measuring === null ? (
        <div class="buttons">
          <Button secondary onClick={() => send({ type: 'measure' })}>
            {report === null ? text.measure : text.measureAgain}
          </Button>
        </div>
      ) : (
        <div class="measuring">
          <label>
            <span>{text.phase(measuring.phase)}</span>
            <progress max={1} value={measuring.share} aria-valuetext={percent(measuring.share)} />
          </label>
          <Button secondary onClick={() => send({ type: 'cancelMeasure' })}>
            {text.cancel}
          </Button>
        </div>
      )}
      {report !== null && <ReportView report={report} send={send} />}
    </section>
  );
}

function Tuning({ state, send }: AppProps) {
  const [shown, setShown] = useState<string | null>(null);
  const run = state.runs.find(({ id }) => id === shown) ?? state.runs[0];
  const newest = state.runs[0];
  const idle = newest === undefined || newest.state === 'done' || newest.error !== undefined;
  const prepare = (): void => {
    setShown(null);
    send({ type: 'prepare' });
  };
  return (
    <section>
      <h2>{text.title}</h2>
      <p class="dim">{text.intro}</p>
      {state.preparing ? (
        <div class="measuring" role="status">
          <span>{text.makingPairs}</span>
          <Button secondary onClick={() => send({ type: 'cancelPrepare' })}>
            {text.cancel}
          </Button>
        </div>
      ) : (
        idle && (
          <div class="buttons">
            <Button secondary={newest !== undefined} onClick={prepare}>
              {newest === undefined ? text.makePairs : text.newRun}
            </Button>
          </div>
        )
      )}
      {run !== undefined && <RunSteps key={run.id} run={run} send={send} />}
      {run !== undefined && <RunHistory runs={state.runs} shown={run} onShow={setShown} />}
    </section>
  );
}

/** The whole fine-tune view, as the host's state says. */
export function FinetuneApp({ state, send }: AppProps) {
  if (state.blocker !== null) return <Blocked state={state} send={send} />;
  const root = state.roots.find(({ uri }) => uri === state.root);
  return (
    <main class="finetune">
      <RootChoice state={state} send={send} />
      {state.error !== null && (
        <p class="failure" role="alert">
          {state.error.message} {state.error.hint}
        </p>
      )}
      {root === undefined || root.chunks === 0 ? (
        <p class="dim">{text.notIndexed}</p>
      ) : (
        <>
          <Measuring state={state} send={send} />
          <Tuning state={state} send={send} />
        </>
      )}
    </main>
  );
}
