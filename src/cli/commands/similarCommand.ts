import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { SextantError } from '../../shared/errors.ts';
import type { WorkspaceRoot } from '../../shared/protocol.ts';
import type { SearchResponse, SimilarRequest } from '../../shared/search.ts';
import { askLiveEngine } from '../askLiveEngine.ts';
import { numberOption, stringOption, UsageError, type Command, type CommandContext } from '../command.ts';
import { workspaceRoot } from '../roots.ts';
import { describeResponse, filterOptions, filtersFrom, refreshedRoot } from './searchCommand.ts';

/** `FILE:LINE` or `FILE:FIRST-LAST`; the file itself may hold colons. */
export function parseTarget(target: string): { file: string; startLine: number; endLine: number } {
  const match = /^(.+):(\d+)(?:-(\d+))?$/s.exec(target);
  const startLine = Number(match?.[2]);
  const endLine = Number(match?.[3] ?? match?.[2]);
  if (match?.[1] === undefined || startLine < 1 || endLine < startLine) {
    throw new UsageError(`«${target}» is not FILE:LINE or FILE:FIRST-LAST with lines from 1.`);
  }
  return { file: match[1], startLine, endLine };
}

/**
 * The path below the root of a file that is named from this folder or, as results name it, from the root.
 * @throws SextantError `not_found`
 */
function pathBelow(root: WorkspaceRoot, file: string): string {
  const named = [...new Set([path.resolve(file), path.resolve(root.path, file)])].filter((name) => existsSync(name));
  if (named.length === 0) throw new SextantError('not_found', `There is no file ${path.resolve(file)}.`);
  for (const name of named) {
    const relative = path.relative(root.path, realpathSync(name)).split(path.sep).join('/');
    if (!relative.startsWith('../') && !path.isAbsolute(relative)) return relative;
  }
  throw new SextantError('not_found', `${file} is not below ${root.path}.`, { hint: 'Name its folder with --dir.' });
}

async function ownAnswer(context: CommandContext, directory: string, request: SimilarRequest): Promise<SearchResponse> {
  await refreshedRoot(context, { embed: true, directory });
  return context.engine().similar(request, context.signal);
}

export const similarCommand: Command = {
  name: 'similar',
  usage: 'similar FILE:LINE[-LINE] [--dir DIR] [--limit N]',
  summary: 'Find code that does the same as the code at a place.',
  options: filterOptions,
  arity: [1, 1],
  async run(context) {
    const { file, startLine, endLine } = parseTarget(context.positionals[0] ?? '');
    const limit = numberOption(context.options, 'limit', { fallback: 10, min: 1, max: 1000 });
    const directory = stringOption(context.options, 'dir') ?? '.';
    const filters = filtersFrom(context.options);
    const root = workspaceRoot(directory);
    const location = { root: root.uri, path: pathBelow(root, file), startLine, endLine };
    const live = await askLiveEngine(context, root, 'similar', (uri) => ({
      location: { ...location, root: uri },
      limit,
      filters,
      roots: [uri],
    }));
    const response = live ?? (await ownAnswer(context, directory, { location, limit, filters }));
    return { json: response, text: describeResponse(response) };
  },
};
