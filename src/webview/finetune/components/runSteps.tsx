import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { pairSources, type FinetuneRun, type MovedQuery } from '../../../shared/finetune.ts';
import { count } from '../../shared/format.ts';
import { Button, Icon } from '../../shared/icon.tsx';
import type { Send } from '../dispatch.ts';
import { text } from '../text.ts';
import { LineChart } from './lineChart.tsx';
import { rowsOf, ScoreTable } from './scoreTable.tsx';
import { SettingsForm } from './settingsForm.tsx';

interface RunProps {
  readonly run: FinetuneRun;
  readonly send: Send;
}

type StepState = 'open' | 'working' | 'done';
const stepIcons: Readonly<Record<StepState, string>> = {
  open: 'circle-large-outline',
  working: 'sync',
  done: 'pass-filled',
};

function Step({ title, state, children }: { title: string; state: StepState; children?: ComponentChildren }) {
  return (
    <li class={`step ${state}`} aria-current={state === 'working' ? 'step' : undefined}>
      <h3>
        <Icon name={stepIcons[state]} />
        {title}
      </h3>
      {children}
    </li>
  );
}

function Sources({ run }: { run: FinetuneRun }) {
  const most = Math.max(1, ...Object.values(run.bySource));
  return (
    <table class="sources">
      <tbody>
        {pairSources
          .filter((source) => run.bySource[source] !== undefined)
          .map((source) => (
            <tr key={source}>
              <th scope="row">{text.source(source)}</th>
              <td>{count(run.bySource[source]!)}</td>
              <td aria-hidden="true">
                <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none">
                  <rect width={(100 * run.bySource[source]!) / most} height="8" />
                </svg>
              </td>
            </tr>
          ))}
      </tbody>
    </table>
  );
}

function Curves({ run: { maskedLoss, loss, evaluations, steps } }: { run: FinetuneRun }) {
  return (
    <>
      {maskedLoss.length > 1 && (
        <LineChart loss={maskedLoss} lossName={text.chart.maskedLoss} evaluations={[]} steps={0} />
      )}
      {loss.length > 1 && <LineChart loss={loss} evaluations={evaluations} steps={steps} />}
    </>
  );
}

function Training({ run, send }: RunProps) {
  const [settings, setSettings] = useState(run.settings);
  const running = run.state === 'training' || run.state === 'evaluating';
  return (
    <>
      {run.state === 'ready' && (
        <SettingsForm settings={settings} recommended={run.recommended} onChange={setSettings} />
      )}
      {running && <p>{run.activity}</p>}
      {text.progress(run) !== '' && <p class="dim">{text.progress(run)}</p>}
      <Curves run={run} />
      {run.error !== undefined && (
        <p class="failure" role="alert">
          {run.error.message} {run.error.hint}
        </p>
      )}
      <div class="buttons">
        {run.state === 'ready' && (
          <Button onClick={() => send({ type: 'start', id: run.id, settings })}>{text.start}</Button>
        )}
        {(run.state === 'paused' || run.state === 'failed') && (
          <Button onClick={() => send({ type: 'start', id: run.id })}>{text.resume}</Button>
        )}
        {running && (
          <Button secondary onClick={() => send({ type: 'pause', id: run.id })}>
            {text.pause}
          </Button>
        )}
        <Button secondary onClick={() => send({ type: 'cancel', id: run.id })}>
          {running ? text.cancel : text.remove}
        </Button>
      </div>
    </>
  );
}

/** The queries whose answer moved most; each opens its answer. */
export function Moved({ moved, send }: { moved: readonly MovedQuery[]; send: Send }) {
  if (moved.length === 0) return null;
  return (
    <details class="moved">
      <summary>{text.moved}</summary>
      <p class="dim">{text.movedHint}</p>
      <ul>
        {moved.map(({ query, path, startLine, endLine, before, after }) => (
          <li key={`${path}:${startLine} ${query}`}>
            <button
              type="button"
              class="link"
              title={`${path}:${startLine}`}
              onClick={() => send({ type: 'open', location: { path, startLine, endLine } })}
            >
              {query}
            </button>
            <span class={(after ?? 1e9) < (before ?? 1e9) ? 'places up' : 'places down'}>
              {text.rank(before)} → {text.rank(after)}
            </span>
          </li>
        ))}
      </ul>
    </details>
  );
}

function Result({ run, send }: RunProps) {
  const { result } = run;
  if (result === undefined) return null;
  return (
    <>
      <p class={`verdict ${result.verdict}`} role="status">
        {result.reason}
      </p>
      <ScoreTable rows={rowsOf(result)} columns={[text.before, text.after]} caption={text.steps.result} />
      <p class="dim">{text.judgedBy(result.queries, result.crossValidated)}</p>
      <Moved moved={result.moved} send={send} />
      <div class="buttons">
        {result.verdict === 'better' && !run.promoted && (
          <Button onClick={() => send({ type: 'promote', id: run.id })}>{text.use}</Button>
        )}
        {run.promoted && (
          <>
            <span class="in-use">
              <Icon name="check" /> {text.inUse}
            </span>
            <Button secondary onClick={() => send({ type: 'rollback' })}>
              {text.rollback}
            </Button>
          </>
        )}
        {!run.promoted && (
          <Button secondary onClick={() => send({ type: 'cancel', id: run.id })}>
            {result.verdict === 'better' ? text.keep : text.remove}
          </Button>
        )}
      </div>
    </>
  );
}

/** One run as its four steps: what was done, what is being done, and what comes next. */
export function RunSteps({ run, send }: RunProps) {
  const { split, result } = run;
  const trained = result !== undefined;
  const working = run.state === 'training' || run.state === 'evaluating';
  return (
    <ol class="run-steps">
      <Step title={`${text.steps.pairs} · ${count(run.pairs)}`} state="done">
        <Sources run={run} />
        <button type="button" class="link" title={text.reviewHint} onClick={() => send({ type: 'review', id: run.id })}>
          {text.review}
        </button>
        {run.state === 'ready' && (
          <button
            type="button"
            class="link"
            title={text.questionsHint}
            onClick={() => send({ type: 'writeQuestions', id: run.id })}
          >
            {text.questions}
          </button>
        )}
      </Step>
      <Step title={text.steps.split} state={split === undefined ? 'open' : 'done'}>
        {split !== undefined && <p class="dim">{text.split(split.train, split.tune, split.held)}</p>}
      </Step>
      <Step title={text.steps.train} state={trained ? 'done' : working ? 'working' : 'open'}>
        {trained ? <Curves run={run} /> : <Training run={run} send={send} />}
      </Step>
      <Step title={text.steps.result} state={trained ? 'done' : 'open'}>
        <Result run={run} send={send} />
      </Step>
    </ol>
  );
}
