import path from 'node:path';
import { sourceNameOf } from '../../engine/issues/syncIssues.ts';
import { forgeSchema, type Forge } from '../../shared/mood.ts';
import { stringOption, UsageError, type CommandContext, type CommandResult, type OptionValues } from '../command.ts';
import { listMoods, openHistory } from './moodItems.ts';

const defaultHosts = { github: 'https://github.com', gitlab: 'https://gitlab.com' } as const;
const tokenVariables = { github: 'GITHUB_TOKEN', gitlab: 'GITLAB_TOKEN' } as const;

function forgeFrom(options: OptionValues): Forge | undefined {
  const kind = (['github', 'gitlab'] as const).find((name) => stringOption(options, name) !== undefined);
  if (kind === undefined) return undefined;
  const token = process.env[tokenVariables[kind]];
  const parsed = forgeSchema.safeParse({
    kind,
    host: stringOption(options, 'host') ?? defaultHosts[kind],
    project: stringOption(options, kind),
    ...(token === undefined || token === '' ? {} : { token }),
  });
  if (parsed.success) return parsed.data;
  throw new UsageError(`--${kind} takes OWNER/NAME, --host an address such as https://git.example.org.`);
}

/** `sentiment issues`: the mood of issues, pull requests and comments, from a forge, a file, or what is stored. */
export async function runSentimentIssues(context: CommandContext): Promise<CommandResult> {
  const { options, signal, engine, say } = context;
  const file = stringOption(options, 'file');
  const forge = forgeFrom(options);
  if (file !== undefined && forge !== undefined) throw new UsageError('Give --file or a forge, not both.');
  const root = openHistory(context);
  const { mood } = engine().history;
  const sources: string[] = [];
  if (file !== undefined) {
    await mood.importIssues(root.uri, file);
    sources.push(path.resolve(file));
  } else if (forge !== undefined) {
    const { notice, removed = 0 } = await mood.syncIssues(root.uri, forge, signal, options['full'] === true);
    if (removed > 0) say(`Deleted on the forge, and now here: ${removed}.`);
    if (notice !== undefined) say(notice);
    sources.push(sourceNameOf(forge));
  }
  return listMoods(context, root, ['issue', 'pullRequest', 'comment'], sources);
}
