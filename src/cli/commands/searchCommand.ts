import {
  searchModes,
  searchScopes,
  symbolKinds,
  type SearchFilters,
  type SearchRequest,
  type SearchResponse,
  type SearchResult,
} from '../../shared/search.ts';
import type { HistoryItem } from '../../shared/history.ts';
import type { WorkspaceRoot } from '../../shared/protocol.ts';
import type { ParseArgsOptionsConfig } from 'node:util';
import {
  choiceOption,
  numberOption,
  stringListOption,
  stringOption,
  UsageError,
  type Command,
  type CommandContext,
  type OptionValues,
} from '../command.ts';
import { checkedQuery } from '../../engine/search/searchEngine.ts';
import { askLiveEngine } from '../askLiveEngine.ts';
import { progressLine } from '../progressLine.ts';
import { workspaceRoot } from '../roots.ts';

export const filterOptions = {
  lang: { type: 'string', multiple: true },
  path: { type: 'string', multiple: true },
  kind: { type: 'string', multiple: true },
  in: { type: 'string', multiple: true },
  dir: { type: 'string' },
  limit: { type: 'string' },
  'no-refresh': { type: 'boolean' },
} as const satisfies ParseArgsOptionsConfig;

function listOf<T extends string>(options: OptionValues, name: string, choices: readonly T[]): T[] {
  return stringListOption(options, name).map((text) => {
    const choice = choices.find((candidate) => candidate === text);
    if (choice === undefined) throw new UsageError(`--${name} is one of ${choices.join(', ')}, not «${text}».`);
    return choice;
  });
}

export function filtersFrom(options: OptionValues): SearchFilters {
  return {
    languages: stringListOption(options, 'lang'),
    paths: stringListOption(options, 'path'),
    kinds: listOf(options, 'kind', symbolKinds),
    scopes: listOf(options, 'in', searchScopes),
  };
}

/** Opens the root that the options name and, unless told otherwise, brings its index up to date. */
export async function refreshedRoot(
  context: CommandContext,
  { embed, directory }: { embed: boolean; directory?: string },
): Promise<ReturnType<typeof workspaceRoot>> {
  const root = workspaceRoot(directory ?? stringOption(context.options, 'dir'));
  if (context.options['no-refresh'] === true) context.engine().openForReading(root);
  else {
    const { signal, progress } = context;
    await context
      .engine()
      .index(root, { fresh: false, embed, signal, onStatus: (status) => progress(progressLine(status)) });
  }
  return root;
}

const previewLines = 4;

function describeItem({ key, at, author, title, mood, files, fileCount }: HistoryItem): string {
  const head = `${key.slice(0, 12)}  ${new Date(at * 1000).toISOString().slice(0, 10)}  ${author}  ${mood?.label ?? ''}`;
  const more = fileCount > 3 ? ` and ${fileCount - 3} more` : '';
  return `${head.trimEnd()}\n    ${title}${files.length === 0 ? '' : `\n    ${files.slice(0, 3).join(', ')}${more}`}`;
}

function describeResult(result: SearchResult): string {
  if (result.history !== undefined) return describeItem(result.history);
  const lines = result.text.split('\n');
  const head = `${result.path}:${result.startLine}-${result.endLine}  ${result.symbol || result.kind}  ${result.score.toFixed(2)}`;
  const body = lines.slice(0, previewLines).map((line) => `    ${line.slice(0, 140)}`);
  if (lines.length > previewLines) body.push('    …');
  return [head, ...body].join('\n');
}

export function describeResponse(response: SearchResponse): string {
  const rows = response.results.map(describeResult);
  if (rows.length === 0) rows.push('Nothing found.');
  if (response.notice !== undefined) rows.push(response.notice);
  rows.push(`${response.results.length} results in ${Math.round(response.tookMs.total)} ms (${response.mode})`);
  return `${rows.join('\n\n')}\n`;
}

/** Brings up to date what the search looks at: files, commits, or both. */
async function refreshed(context: CommandContext, { mode, filters }: SearchRequest): Promise<WorkspaceRoot> {
  const embed = mode !== 'keyword';
  const scopes = filters.scopes ?? [];
  if (!scopes.includes('commits')) return refreshedRoot(context, { embed });
  const { options, signal, engine } = context;
  const root = workspaceRoot(stringOption(options, 'dir'));
  if (scopes.some((scope) => scope !== 'commits')) await refreshedRoot(context, { embed });
  else engine().openForHistory(root);
  if (options['no-refresh'] !== true) await engine().history.service.update(root.uri, { embed, signal });
  return root;
}

async function ownAnswer(context: CommandContext, request: SearchRequest): Promise<SearchResponse> {
  const root = await refreshed(context, request);
  return context.engine().search({ ...request, roots: [root.uri] }, context.signal);
}

export const searchCommand: Command = {
  name: 'search',
  usage: 'search QUERY [--dir DIR] [--limit N] [--mode M] [--lang L] [--path GLOB] [--kind K] [--in S] [--no-refresh]',
  summary: 'Ask a question in plain words, or look for a name.',
  options: { ...filterOptions, mode: { type: 'string' } },
  arity: [1, 1],
  async run(context) {
    const { options } = context;
    // Before the model is loaded: ONNX Runtime 1.30 crashes in a process whose command line is longer than 32 kB.
    const query = checkedQuery(context.positionals[0] ?? '');
    const request = {
      query,
      mode: choiceOption(options, 'mode', searchModes, 'hybrid'),
      limit: numberOption(options, 'limit', { fallback: 10, min: 1, max: 1000 }),
      filters: filtersFrom(options),
    };
    const answer = await askLiveEngine(context, workspaceRoot(stringOption(options, 'dir')), 'search', (uri) => ({
      ...request,
      roots: [uri],
    }));
    const response = answer ?? (await ownAnswer(context, request));
    return { json: response, text: describeResponse(response) };
  },
};
