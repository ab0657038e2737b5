import path from 'node:path';
import { minePairs } from '../../engine/finetune/pairs/minePairs.ts';
import { readIssueTitles } from '../../engine/finetune/pairs/readIssueTitles.ts';
import { writePairs } from '../../engine/finetune/pairs/pairsFile.ts';
import { countBySource } from '../../engine/finetune/pairs/refinePairs.ts';
import { pairSources } from '../../shared/finetune.ts';
import { numberOption, stringListOption, stringOption, UsageError, type Command } from '../command.ts';
import { refreshedRoot } from './searchCommand.ts';

/** The sources that `--source` names; all that ask nobody when it names none. */
export function sourcesFrom(names: readonly string[]) {
  return names.map((name) => {
    const source = pairSources.find((candidate) => candidate === name);
    if (source === undefined) throw new UsageError(`--source is one of ${pairSources.join(', ')}, not «${name}».`);
    return source;
  });
}

export const pairsCommand: Command = {
  name: 'pairs',
  usage: 'pairs [DIR] --out F.jsonl|F.csv [--source S,…] [--commits N] [--no-refresh]',
  summary: 'Make query pairs out of a workspace, to read, edit and fine-tune on.',
  options: {
    out: { type: 'string' },
    source: { type: 'string', multiple: true },
    commits: { type: 'string' },
    'no-refresh': { type: 'boolean' },
  },
  arity: [0, 1],
  async run(context) {
    const { options, positionals, signal, engine } = context;
    const out = stringOption(options, 'out');
    if (out === undefined) throw new UsageError('pairs needs --out FILE.jsonl or FILE.csv.');
    const sources = sourcesFrom(stringListOption(options, 'source'));
    const root = await refreshedRoot(context, { embed: false, directory: positionals[0] ?? '.' });
    const opened = engine().opened(root.uri);
    const pairs = await minePairs({
      folder: root.path,
      index: opened.reading(),
      issues: readIssueTitles(opened.history),
      ...(sources.length === 0 ? {} : { sources }),
      commits: numberOption(options, 'commits', { fallback: 3000, min: 0, max: 1_000_000 }),
      signal,
    });
    const file = path.resolve(out);
    await writePairs(file, pairs);
    const bySource = countBySource(pairs);
    const rows = Object.entries(bySource).map(([source, count]) => `  ${source.padEnd(8)} ${count}`);
    return {
      json: { pairs: pairs.length, bySource, file },
      text: `${pairs.length} pairs in ${file}\n${rows.join('\n')}\n`,
    };
  },
};
