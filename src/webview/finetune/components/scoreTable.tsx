import type { FinetuneResult } from '../../../shared/finetune.ts';
import { text } from '../text.ts';

interface Row {
  readonly label: string;
  readonly before: number;
  readonly after: number;
  readonly indented?: boolean;
}

export function rowsOf(result: FinetuneResult): Row[] {
  const { before, after, search, guard, bySource, leading = [] } = result;
  const row = (label: string, was: number, is: number, indented = false): Row => ({
    label,
    before: was,
    after: is,
    indented,
  });
  return [
    row(text.rows.ndcg10, before.ndcg10, after.ndcg10),
    ...bySource.map((part) => row(text.source(part.source), part.before.ndcg10, part.after.ndcg10, true)),
    row(text.rows.mrr10, before.mrr10, after.mrr10),
    row(text.rows.recall10, before.recall10, after.recall10),
    ...leading.map((part) => row(text.leading(part.dimension), part.before.ndcg10, part.after.ndcg10)),
    row(text.rows.search, search.before.ndcg10, search.after.ndcg10),
    row(text.rows.guard, guard.before, guard.after),
  ];
}

/** `+12 %` of what it was before; a dash where there was nothing. */
function Change({ before, after }: { before: number; after: number }) {
  const change = before === 0 ? 0 : Math.round((100 * (after - before)) / before);
  const sign = change > 0 ? '+' : change < 0 ? '−' : '±';
  return (
    <td class={change > 0 ? 'up' : change < 0 ? 'down' : ''}>{before === 0 ? '–' : `${sign}${Math.abs(change)} %`}</td>
  );
}

interface ScoreTableProps {
  readonly rows: readonly Row[];
  readonly columns: readonly [before: string, after: string];
  readonly caption: string;
}

/** Figures of two models side by side; the sign of the change says what its colour says. */
export function ScoreTable({ rows, columns, caption }: ScoreTableProps) {
  return (
    <table class="scores">
      <caption class="sr-only">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">{text.measureName}</th>
          <th scope="col">{columns[0]}</th>
          <th scope="col">{columns[1]}</th>
          <th scope="col">{text.change}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ label, before, after, indented }) => (
          <tr key={label} class={indented === true ? 'indented' : ''}>
            <th scope="row">{label}</th>
            <td>{before.toFixed(3)}</td>
            <td>{after.toFixed(3)}</td>
            <Change before={before} after={after} />
          </tr>
        ))}
      </tbody>
    </table>
  );
}
