import { existsSync } from 'node:fs';
import path from 'node:path';
import { evalBeir } from '../../engine/eval/evalBeir.ts';
import { evalRepos } from '../../engine/eval/evalRepos.ts';
import type { Encoder } from '../../engine/runtime/encoder.ts';
import { SharedStore } from '../../engine/team/sharedStore.ts';
import { SextantError } from '../../shared/errors.ts';
import { searchModes, type SearchMode } from '../../shared/search.ts';
import {
  choiceOption,
  stringOption,
  UsageError,
  type Command,
  type CommandContext,
  type CommandResult,
} from '../command.ts';
import { teamSettings } from '../teamStore.ts';

function existing(file: string | undefined, what: string): string {
  if (file === undefined) throw new UsageError(`eval needs ${what}.`);
  const absolute = path.resolve(file);
  if (!existsSync(absolute)) throw new SextantError('not_found', `${absolute} does not exist.`);
  return absolute;
}

async function encoderFor(mode: SearchMode, { engine }: CommandContext): Promise<Encoder | undefined> {
  return mode === 'keyword' ? undefined : engine().encoder();
}

async function beir(context: CommandContext, mode: SearchMode): Promise<CommandResult> {
  const { positionals, options, signal, progress } = context;
  const runFile = stringOption(options, 'run');
  const result = await evalBeir({
    dir: existing(positionals[1], 'the folder of a data set in BEIR layout'),
    mode,
    encoder: await encoderFor(mode, context),
    ...(runFile === undefined ? {} : { runFile: path.resolve(runFile) }),
    signal,
    onProgress: progress,
  });
  const text =
    `${result.queries} queries, ${result.documents} documents (${result.mode})\n` +
    `nDCG@10 ${result.ndcg10.toFixed(4)}  MRR@10 ${result.mrr10.toFixed(4)}  ` +
    `recall@10 ${result.recall10.toFixed(4)}  recall@100 ${result.recall100.toFixed(4)}\n`;
  return { json: result, text };
}

async function repos(context: CommandContext, mode: SearchMode): Promise<CommandResult> {
  const { options, signal, progress } = context;
  const dumpFile = stringOption(options, 'dump');
  const roots = stringOption(options, 'roots');
  const team = teamSettings(options);
  const sharedStore = team === undefined ? undefined : new SharedStore(team);
  const result = await evalRepos({
    ...(sharedStore === undefined ? {} : { sharedStore }),
    checkouts: existing(stringOption(options, 'checkouts'), '--checkouts DIR'),
    annotations: existing(stringOption(options, 'annotations'), '--annotations DIR'),
    ...(roots === undefined ? {} : { roots: existing(roots, '--roots FILE') }),
    mode,
    encoder: await encoderFor(mode, context),
    ...(dumpFile === undefined ? {} : { dumpFile: path.resolve(dumpFile) }),
    signal,
    onProgress: progress,
  }).finally(() => sharedStore?.close());
  const table = (title: string, scores: Readonly<Record<string, number>>): string[] => [
    title,
    ...Object.entries(scores).map(([name, score]) => `  ${name.padEnd(24)} ${score.toFixed(4)}`),
  ];
  const lines = [
    `nDCG@10 ${result.ndcg10.toFixed(4)} over ${Object.keys(result.byRepo).length} repositories, ${result.queries} queries (${mode})`,
    `query p50 ${result.queryMsP50.toFixed(1)} ms, indexing ${result.indexSeconds.toFixed(1)} s in all`,
    ...table('by category', result.byCategory),
    ...table('by language', result.byLanguage),
    ...table('by repository', result.byRepo),
  ];
  return { json: result, text: `${lines.join('\n')}\n` };
}

export const evalCommand: Command = {
  name: 'eval',
  usage:
    'eval beir DIR [--run F] | eval repos --checkouts DIR --annotations DIR [--roots F] [--dump F] [--store URL] [--mode M]',
  summary: 'Measure the quality of search on a data set with known answers.',
  options: {
    mode: { type: 'string' },
    run: { type: 'string' },
    checkouts: { type: 'string' },
    annotations: { type: 'string' },
    roots: { type: 'string' },
    dump: { type: 'string' },
  },
  arity: [1, 2],
  async run(context) {
    const mode = choiceOption(context.options, 'mode', searchModes, 'hybrid');
    const [what] = context.positionals;
    if (what === 'beir') return beir(context, mode);
    if (what === 'repos') return repos(context, mode);
    throw new UsageError(`eval takes beir or repos, not «${what ?? ''}».`);
  },
};
