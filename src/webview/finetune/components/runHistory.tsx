import { useState } from 'preact/hooks';
import type { FinetuneRun } from '../../../shared/finetune.ts';
import { text } from '../text.ts';
import { rowsOf, ScoreTable } from './scoreTable.tsx';

interface RunHistoryProps {
  readonly runs: readonly FinetuneRun[];
  readonly shown: FinetuneRun;
  readonly onShow: (id: string) => void;
}

const dateFormat = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

function runLabel({ createdAt, state, result, promoted }: FinetuneRun): string {
  const gain = result === undefined ? state : `${result.before.ndcg10.toFixed(3)} → ${result.after.ndcg10.toFixed(3)}`;
  return `${dateFormat.format(new Date(createdAt))} · ${gain}${promoted ? ' ✓' : ''}`;
}

/** Two results in one table: what this run reached beside what another did. */
function Comparison({ run, other }: { run: FinetuneRun; other: FinetuneRun }) {
  const ours = rowsOf(run.result!);
  const theirs = new Map(rowsOf(other.result!).map((row) => [row.label, row.after]));
  const rows = ours.flatMap(({ label, after, indented }) => {
    const value = theirs.get(label);
    return value === undefined
      ? []
      : [{ label, before: value, after, ...(indented === undefined ? {} : { indented }) }];
  });
  return (
    <ScoreTable
      rows={rows}
      columns={[dateFormat.format(new Date(other.createdAt)), text.thisRun]}
      caption={text.compare}
    />
  );
}

/** The runs from before: any can be shown again, and two be compared. */
export function RunHistory({ runs, shown, onShow }: RunHistoryProps) {
  const [against, setAgainst] = useState('');
  const others = runs.filter(({ id }) => id !== shown.id);
  if (others.length === 0) return null;
  const comparable = others.filter(({ result }) => result !== undefined);
  const other = comparable.find(({ id }) => id === against);
  return (
    <section class="history">
      <h2>{text.earlier}</h2>
      <ul>
        {others.map((run) => (
          <li key={run.id}>
            <button type="button" class="link" onClick={() => onShow(run.id)}>
              {runLabel(run)}
            </button>
          </li>
        ))}
      </ul>
      {shown.result !== undefined && comparable.length > 0 && (
        <label>
          <span>{text.compare}</span>
          <select value={against} onChange={(event) => setAgainst(event.currentTarget.value)}>
            <option value="">{text.nothing}</option>
            {comparable.map((run) => (
              <option key={run.id} value={run.id}>
                {runLabel(run)}
              </option>
            ))}
          </select>
        </label>
      )}
      {other !== undefined && shown.result !== undefined && <Comparison run={shown} other={other} />}
    </section>
  );
}
