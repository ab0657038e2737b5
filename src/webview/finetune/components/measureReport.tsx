import { pairSources } from '../../../shared/finetune.ts';
import type { MeasureReport, MeasureRow, MeasureSystem } from '../../../shared/measure.ts';
import { count, humanize } from '../../shared/format.ts';
import { Moved } from './runSteps.tsx';
import type { Send } from '../dispatch.ts';
import { text } from '../text.ts';

function systemLabel({ mode, model }: MeasureSystem, several: boolean): string {
  return several && model !== null ? `${humanize(mode)} · ${model}` : humanize(mode);
}

function Bars({ rows, several }: { rows: readonly MeasureRow[]; several: boolean }) {
  const best = Math.max(...rows.map(({ ndcg10 }) => ndcg10));
  return (
    <>
      {rows.map((row) => (
        <tr key={systemLabel(row, true)} class={row.ndcg10 === best ? 'best' : ''}>
          <th scope="row">{systemLabel(row, several)}</th>
          <td aria-hidden="true">
            <svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none">
              <rect width={100 * row.ndcg10} height="8" />
            </svg>
          </td>
          <td>{row.ndcg10.toFixed(3)}</td>
          <td>{row.recall10.toFixed(3)}</td>
        </tr>
      ))}
    </>
  );
}

/** Keyword, semantic and hybrid search side by side, over all questions and by where they come from. */
export function ReportView({ report, send }: { report: MeasureReport; send: Send }) {
  const several = new Set(report.systems.map(({ model }) => model).filter((model) => model !== null)).size > 1;
  const groups = (['all', ...pairSources] as const)
    .map((source) => ({ source, rows: report.rows.filter((row) => row.source === source) }))
    .filter(({ rows }) => rows.length > 0);
  const hybrid = report.systems.findLastIndex(({ mode }) => mode === 'hybrid');
  const moved = report.examples.map(({ ranks, ...example }) => ({
    ...example,
    before: ranks[0]!,
    after: ranks[hybrid]!,
  }));
  return (
    <div class="report">
      <p class="dim">{text.reportSummary(report)}</p>
      {report.notice !== undefined && <p class="notice">{report.notice}</p>}
      <table class="measured">
        <thead class="sr-only">
          <tr>
            <th scope="col">{text.measureName}</th>
            <th scope="col" />
            <th scope="col">{text.rows.ndcg10}</th>
            <th scope="col">{text.rows.recall10}</th>
          </tr>
        </thead>
        {groups.map(({ source, rows }) => (
          <tbody key={source}>
            <tr class="group">
              <th scope="rowgroup" colSpan={2}>
                {text.source(source)} · {count(rows[0]!.queries)}
              </th>
              <td>{text.rows.ndcg10}</td>
              <td>{text.rows.recall10}</td>
            </tr>
            <Bars rows={rows} several={several} />
          </tbody>
        ))}
      </table>
      <Moved moved={moved.filter(({ before, after }) => before !== after)} send={send} />
    </div>
  );
}
