import type { HistoryKind } from '../../shared/history.ts';
import type { MoodFilter } from '../../shared/mood.ts';
import { moodLabels } from '../../shared/sentiment.ts';
import type { ExportedMood } from '../../engine/sentiment/exportMood.ts';
import {
  numberOption,
  stringListOption,
  stringOption,
  UsageError,
  type CommandContext,
  type CommandResult,
  type OptionValues,
} from '../command.ts';
import { workspaceRoot } from '../roots.ts';

/** Options of `sentiment commits` and `sentiment issues`. */
export const moodItemOptions = {
  limit: { type: 'string' },
  since: { type: 'string' },
  until: { type: 'string' },
  path: { type: 'string', multiple: true },
  author: { type: 'string', multiple: true },
  file: { type: 'string' },
  github: { type: 'string' },
  gitlab: { type: 'string' },
  host: { type: 'string' },
} as const;

function secondsOption(options: OptionValues, name: string): number | undefined {
  const text = stringOption(options, name);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw new UsageError(`--${name} takes a date such as 2026-03-01, not «${text}».`);
  return Math.floor(at / 1000);
}

function filterFrom(options: OptionValues, kinds: readonly HistoryKind[], sources: readonly string[]): MoodFilter {
  const since = secondsOption(options, 'since');
  const until = secondsOption(options, 'until');
  return {
    kinds: [...kinds],
    paths: stringListOption(options, 'path'),
    authors: stringListOption(options, 'author'),
    sources: [...sources],
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function describe({ date, label, scores, skipped, text }: ExportedMood): string {
  const share = skipped ?? `${Math.round(100 * scores[label as keyof typeof scores])} %`;
  return `${date.slice(0, 10)}  ${label.padEnd(8)} ${share.padStart(5)}  ${text.trim().split('\n', 1)[0]!.slice(0, 100)}\n`;
}

/** The folder that the command is about; its history is opened, its files are left alone. */
export function openHistory({ positionals, engine }: CommandContext): ReturnType<typeof workspaceRoot> {
  const root = workspaceRoot(positionals[1]);
  engine().openForHistory(root);
  return root;
}

/** Classifies what waits and lists the items that pass the options, the newest first. */
export async function listMoods(
  context: CommandContext,
  root: { readonly uri: string },
  kinds: readonly HistoryKind[],
  sources: readonly string[] = [],
): Promise<CommandResult> {
  const { options, signal, progress } = context;
  const filter = { ...filterFrom(options, kinds, sources), roots: [root.uri] };
  const most = numberOption(options, 'limit', { fallback: 1_000_000, min: 1, max: 1_000_000 });
  const { mood } = context.engine().history;
  const started = performance.now();
  let classified = 0;
  await mood.prepare([root.uri], kinds, signal, {
    newest: most,
    onProgress: (done, total) => {
      classified = done;
      progress(`${done} of ${total} classified`);
    },
  });
  const seconds = (performance.now() - started) / 1000;
  const all: ExportedMood[] = [];
  for await (const item of mood.items(filter, signal)) all.push(item);
  const items = all.sort((a, b) => (a.date < b.date ? 1 : a.date > b.date ? -1 : 0)).slice(0, most);
  const counts = Object.fromEntries(
    moodLabels.map((label) => [
      label,
      items.filter((item) => item.skipped === undefined && item.label === label).length,
    ]),
  );
  const skipped = items.filter((item) => item.skipped !== undefined).length;
  const summary = { total: items.length, ...counts, skipped, classified, seconds };
  const last = `${items.length} items: ${moodLabels.map((label) => `${counts[label]} ${label}`).join(', ')}, ${skipped} skipped.\n`;
  return { json: { items, summary }, text: items.map(describe).join('') + last };
}
