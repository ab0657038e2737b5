import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { MinedPair } from '../../engine/finetune/pairs/minedPair.ts';
import { minePairs } from '../../engine/finetune/pairs/minePairs.ts';
import { readIssueTitles } from '../../engine/finetune/pairs/readIssueTitles.ts';
import { writePairs } from '../../engine/finetune/pairs/pairsFile.ts';
import { countBySource, refinePairs } from '../../engine/finetune/pairs/refinePairs.ts';
import { questionRequests, writtenQuestions } from '../../engine/finetune/pairs/writtenQuestions.ts';
import type { OpenRoot } from '../../engine/openRoot.ts';
import { pairSources } from '../../shared/finetune.ts';
import {
  numberOption,
  stringListOption,
  stringOption,
  UsageError,
  type Command,
  type CommandContext,
  type CommandResult,
} from '../command.ts';
import { refreshedRoot } from './searchCommand.ts';

/** The sources that an option names. */
export function sourcesFrom(option: string, names: readonly string[]) {
  return names.map((name) => {
    const source = pairSources.find((candidate) => candidate === name);
    if (source === undefined) throw new UsageError(`--${option} is one of ${pairSources.join(', ')}, not «${name}».`);
    return source;
  });
}

/**
 * Questions that a language model writes, where one is named. Without `--send` nothing leaves this machine: what would be sent is
 * written beside the pairs, to be read first.
 */
async function questions(
  { options, signal, progress }: CommandContext,
  root: OpenRoot,
  file: string,
): Promise<MinedPair[] | CommandResult> {
  const url = stringOption(options, 'questions');
  if (url === undefined) return [];
  const model = stringOption(options, 'question-model');
  if (model === undefined) throw new UsageError('--questions needs --question-model NAME.');
  const limit = numberOption(options, 'question-limit', { fallback: 200, min: 1, max: 10_000 });
  const requests = questionRequests(root.workspace.path, root.reading(), limit);
  if (options['send'] !== true) {
    const preview = `${file}.preview.txt`;
    await writeFile(preview, requests.map(({ prompt }) => prompt).join(`\n\n${'─'.repeat(60)}\n\n`));
    return {
      json: { sent: 0, wouldSend: requests.length, preview },
      text: `Nothing was sent. ${requests.length} requests to ${url} would be those in ${preview}; send them with --send.\n`,
    };
  }
  const key = process.env['SEXTANT_QUESTION_KEY'];
  const pairs: MinedPair[] = [];
  for await (const pair of writtenQuestions({ url, model, ...(key === undefined ? {} : { key }) }, requests, signal)) {
    pairs.push(pair);
    progress(`${pairs.length} questions written`);
  }
  return pairs;
}

export const pairsCommand: Command = {
  name: 'pairs',
  usage:
    'pairs [DIR] --out F.jsonl|F.csv [--source S,…] [--commits N] [--questions URL --question-model NAME [--question-limit N] [--send]]',
  summary: 'Make query pairs out of a workspace, to read, edit and fine-tune on.',
  options: {
    out: { type: 'string' },
    source: { type: 'string', multiple: true },
    commits: { type: 'string' },
    questions: { type: 'string' },
    'question-model': { type: 'string' },
    'question-limit': { type: 'string' },
    send: { type: 'boolean' },
    'no-refresh': { type: 'boolean' },
  },
  arity: [0, 1],
  async run(context) {
    const { options, positionals, signal, engine } = context;
    const out = stringOption(options, 'out');
    if (out === undefined) throw new UsageError('pairs needs --out FILE.jsonl or FILE.csv.');
    const sources = sourcesFrom('source', stringListOption(options, 'source'));
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
    const written = await questions(context, opened, file);
    if (!Array.isArray(written)) return written;
    const all = refinePairs([...pairs, ...written]);
    await writePairs(file, all);
    const bySource = countBySource(all);
    const rows = Object.entries(bySource).map(([source, count]) => `  ${source.padEnd(8)} ${count}`);
    return {
      json: { pairs: all.length, bySource, file },
      text: `${all.length} pairs in ${file}\n${rows.join('\n')}\n`,
    };
  },
};
