import { settings } from '../../shared/settings.ts';
import { numberOption, type Command } from '../command.ts';
import { filterOptions, refreshedRoot } from './searchCommand.ts';

export const duplicatesCommand: Command = {
  name: 'duplicates',
  usage: 'duplicates [--dir DIR] [--threshold X]',
  summary: 'List groups of code that do nearly the same.',
  options: { dir: filterOptions.dir, 'no-refresh': filterOptions['no-refresh'], threshold: { type: 'string' } },
  arity: [0, 0],
  async run(context) {
    const threshold = numberOption(context.options, 'threshold', {
      fallback: settings['sextant.duplicates.threshold'].default,
      min: 0.01,
      max: 1,
      integer: false,
    });
    const root = await refreshedRoot(context, { embed: true });
    const response = await context.engine().duplicates({ roots: [root.uri], threshold }, context.signal);
    const groups = response.groups.map((group) => {
      const members = group.members.map((m) => `  ${m.path}:${m.startLine}-${m.endLine}  ${m.symbol}`);
      return [`${group.members.length} places, similarity ${group.score.toFixed(3)}`, ...members].join('\n');
    });
    return { json: response, text: `${groups.join('\n\n') || 'No duplicates found.'}\n` };
  },
};
