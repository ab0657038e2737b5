import { pairSources } from '../../shared/finetune.ts';
import { defaultMeasuredQueries, measuredSources, type MeasureReport, type MeasureRow } from '../../shared/measure.ts';
import { numberOption, stringListOption, stringOption, type Command } from '../command.ts';
import { resolveModel } from '../models.ts';
import { sourcesFrom } from './pairsCommand.ts';
import { refreshedRoot } from './searchCommand.ts';

const barWidth = 30;

/** A table with a bar for each figure, one block for each source. */
function describeReport(report: MeasureReport): string {
  const several = new Set(report.rows.map(({ model }) => model).filter((model) => model !== null)).size > 1;
  const label = ({ mode, model }: MeasureRow): string => (several && model !== null ? `${mode} · ${model}` : mode);
  const width = Math.max(...report.rows.map((row) => label(row).length));
  const line = (row: MeasureRow): string =>
    `  ${label(row).padEnd(width)}  ${row.ndcg10.toFixed(3)}  ${row.mrr10.toFixed(3)}  ${row.recall10.toFixed(3)}  ` +
    '█'.repeat(Math.round(row.ndcg10 * barWidth));
  const blocks = (['all', ...pairSources] as const).flatMap((source) => {
    const rows = report.rows.filter((row) => row.source === source);
    return rows.length === 0 ? [] : [`${source} (${rows[0]!.queries})`, ...rows.map(line), ''];
  });
  return [
    `${report.queries} queries over ${report.chunks} chunks in ${report.seconds.toFixed(1)} s; nDCG@10, MRR@10, recall@10`,
    ...(report.notice === undefined ? [] : [report.notice]),
    '',
    ...blocks,
  ].join('\n');
}

export const measureCommand: Command = {
  name: 'measure',
  usage: 'measure [DIR] [--queries N] [--source S,…] [--compare MODEL] [--no-refresh]',
  summary: 'Measure keyword, semantic and hybrid search on questions made out of your own code.',
  options: {
    queries: { type: 'string' },
    source: { type: 'string', multiple: true },
    compare: { type: 'string' },
    'no-refresh': { type: 'boolean' },
  },
  arity: [0, 1],
  async run(context) {
    const { options, positionals, engine, signal, progress } = context;
    const queries = numberOption(options, 'queries', { fallback: defaultMeasuredQueries, min: 10, max: 5000 });
    const sources = sourcesFrom('source', stringListOption(options, 'source'));
    const compared = stringOption(options, 'compare');
    const compare = compared === undefined ? undefined : resolveModel(compared);
    const root = await refreshedRoot(context, { embed: true, directory: positionals[0] ?? '.' });
    const report = await engine().measure.measure(
      {
        root: root.uri,
        queries,
        sources: sources.length === 0 ? [...measuredSources] : sources,
        ...(compare === undefined ? {} : { compare }),
      },
      signal,
    );
    progress('');
    return { json: report, text: describeReport(report) };
  },
};
