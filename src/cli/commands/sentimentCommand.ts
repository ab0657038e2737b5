import { UsageError, type Command, type CommandContext, type CommandResult } from '../command.ts';
import { moodItemOptions } from './moodItems.ts';
import { runSentimentCommits } from './sentimentCommits.ts';
import { runSentimentEval } from './sentimentEval.ts';
import { runSentimentIssues } from './sentimentIssues.ts';
import { runSentimentText } from './sentimentText.ts';
import { runSentimentTrain } from './sentimentTrain.ts';

const subcommands: Readonly<Record<string, (context: CommandContext) => Promise<CommandResult>>> = {
  commits: runSentimentCommits,
  issues: runSentimentIssues,
  text: runSentimentText,
  eval: runSentimentEval,
  train: runSentimentTrain,
};

export const sentimentCommand: Command = {
  name: 'sentiment',
  usage:
    'sentiment commits [DIR] [--limit N] [--since D] [--until D] [--path GLOB] [--author A] | issues [DIR] [--file F | --github O/N | --gitlab P] [--host URL] [--full] | text [TEXT|-] [--input F] [--as comment|commit|issue] [--explain] | eval --data F | train --data F --out DIR',
  summary:
    'Tell the mood of commits, issues or texts, measure how well that works on labelled ones, and train a classifier of your own.',
  options: {
    ...moodItemOptions,
    input: { type: 'string' },
    as: { type: 'string' },
    explain: { type: 'boolean' },
    full: { type: 'boolean' },
    data: { type: 'string' },
    out: { type: 'string' },
    epochs: { type: 'string' },
    batch: { type: 'string' },
    lr: { type: 'string' },
  },
  arity: [1, 2],
  run(context) {
    const [what = ''] = context.positionals;
    const run = Object.hasOwn(subcommands, what) ? subcommands[what] : undefined;
    if (run === undefined) {
      throw new UsageError(`sentiment takes ${Object.keys(subcommands).join(', ')}, not «${what}».`);
    }
    return run(context);
  },
};
