import { SextantError } from './errors.ts';
import { indexState, percent } from './indexState.ts';
import type { SearchRequest, SearchResponse, SimilarRequest } from './search.ts';
import type { EngineStatus } from './status.ts';
import { searchAnswer, type AnswerOptions, type ToolAnswer, type ToolFolder } from './toolAnswer.ts';
import { filtersOf, foldersFor, placesOf } from './toolInput.ts';
import { defaultTokenBudget, defaultToolLimit, type ToolInput, type ToolName } from './tools.ts';

/** Whatever answers for the index: the window's engine, or one behind the MCP server. */
export interface ToolBackend {
  /** Folders that may be searched; every request names its roots among them. */
  readonly folders: readonly ToolFolder[];
  search(request: SearchRequest, signal: AbortSignal): Promise<SearchResponse>;
  similar(request: SimilarRequest, signal: AbortSignal): Promise<SearchResponse>;
  status(signal: AbortSignal): Promise<EngineStatus>;
}

/** How whoever reads the answer counts tokens; `most` is what a call may take that names no budget, and any call at most. */
export interface ToolReader extends Pick<AnswerOptions, 'countTokens' | 'countStructured'> {
  readonly most?: number;
}

export interface ToolCall<N extends ToolName = ToolName> {
  readonly name: N;
  readonly input: ToolInput<N>;
}

/** What tools answer goes to a model, most often one elsewhere. */
const withholdSecrets = true;

/** What every call runs with. */
interface Run {
  readonly backend: ToolBackend;
  readonly reader: ToolReader;
  readonly signal: AbortSignal;
}

function budgetOf(wanted: number | undefined, { most = Infinity }: ToolReader): number {
  return Math.min(wanted ?? (most === Infinity ? defaultTokenBudget : most), most);
}

function titleOf(what: string, folders: readonly ToolFolder[]): string {
  const where = folders.map(({ path }) => path).join(', ');
  return `${what} Paths are relative to ${folders.length > 1 ? `the folders, by name: ${where}` : where}.`;
}

function count(results: number, noun: string): string {
  return `${results} ${noun}${results === 1 ? '' : 's'}`;
}

/** The response in words, the state of the index of these folders first. */
async function answer(
  response: SearchResponse,
  folders: readonly ToolFolder[],
  { title, maxTokens }: { readonly title: string; readonly maxTokens: number | undefined },
  { backend, reader, signal }: Run,
): Promise<ToolAnswer> {
  const { roots } = await backend.status(signal);
  const concerned = roots.filter(({ root }) => folders.some(({ uri }) => uri === root));
  return searchAnswer(response, {
    ...reader,
    folders: backend.folders,
    budget: budgetOf(maxTokens, reader),
    state: indexState(response, concerned),
    title,
  });
}

async function search(input: ToolInput<'sextant_search'>, run: Run): Promise<ToolAnswer> {
  const { query, mode = 'hybrid', limit = defaultToolLimit, maxTokens } = input;
  const folders = foldersFor(run.backend.folders, input.folder);
  const roots = folders.map(({ uri }) => uri);
  const request = { query, mode, limit, filters: filtersOf(input), roots, withholdSecrets };
  const response = await run.backend.search(request, run.signal);
  const title = titleOf(`${count(response.results.length, 'result')}.`, folders);
  return answer(response, folders, { title, maxTokens }, run);
}

async function similar(input: ToolInput<'sextant_similar'>, run: Run): Promise<ToolAnswer> {
  const { path, startLine, endLine = startLine, limit = defaultToolLimit, maxTokens } = input;
  if (endLine < startLine) {
    throw new SextantError('invalid_argument', `\`endLine\`: ${endLine} lies before \`startLine\` ${startLine}.`);
  }
  const folders = foldersFor(run.backend.folders, input.folder);
  const roots = folders.map(({ uri }) => uri);
  let missing: unknown;
  for (const place of placesOf(path, folders)) {
    try {
      const location = { ...place, startLine, endLine };
      const request = { location, limit, filters: filtersOf(input), roots, withholdSecrets };
      const response = await run.backend.similar(request, run.signal);
      const what = `${count(response.results.length, 'place')} like ${path}:${startLine}-${endLine}.`;
      return await answer(response, folders, { title: titleOf(what, folders), maxTokens }, run);
    } catch (error) {
      if (!(error instanceof SextantError) || error.code !== 'not_found') throw error;
      missing = error;
    }
  }
  throw missing;
}

async function commits(input: ToolInput<'sextant_commits'>, run: Run): Promise<ToolAnswer> {
  const { query, paths, limit = defaultToolLimit, maxTokens } = input;
  const folders = foldersFor(run.backend.folders, input.folder);
  const roots = folders.map(({ uri }) => uri);
  const filters = { paths, scopes: ['commits' as const] };
  const request = { query, mode: 'hybrid' as const, limit, filters, roots, withholdSecrets };
  const response = await run.backend.search(request, run.signal);
  return answer(response, folders, { title: `${count(response.results.length, 'commit')}.`, maxTokens }, run);
}

async function status({ backend, signal }: Run): Promise<ToolAnswer> {
  const { roots, paused, model, modelError, backend: device } = await backend.status(signal);
  const folders = backend.folders.map((folder) => {
    const root = roots.find((candidate) => candidate.root === folder.uri);
    const { files = 0, chunks = 0, embedded = 0, phase = 'opening', languages = {}, error } = root ?? {};
    return {
      name: folder.name,
      path: folder.path,
      phase,
      files,
      chunks,
      embedded,
      languages,
      ...(error && { error: error.message }),
    };
  });
  const lines = folders.map(({ name, path, phase, files, chunks, embedded, error }) => {
    const share = percent(chunks === 0 ? 0 : embedded / chunks);
    const rest = error === undefined ? '' : ` Problem: ${error}`;
    return `${name} (${path}): ${phase}, ${files} files, ${chunks} pieces of code and docs, ${share} can be found by meaning.${rest}`;
  });
  if (paused) lines.push('Indexing is paused.');
  if (modelError !== undefined) lines.push(`Only words are searched: ${modelError.message}`);
  if (model !== undefined) lines.push(`Model ${model.name} on ${device?.name ?? 'cpu'}.`);
  return { text: lines.join('\n'), structured: { folders, paused, ...(model && { model: model.name }) } };
}

/**
 * Answers one call of a tool. The input is what `parseToolInput` gave.
 * @throws SextantError for what the caller or the index cannot do; the signal's reason when cancelled.
 */
export function runTool(
  call: { readonly [N in ToolName]: ToolCall<N> }[ToolName],
  backend: ToolBackend,
  reader: ToolReader,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  const run = { backend, reader, signal };
  switch (call.name) {
    case 'sextant_search':
      return search(call.input, run);
    case 'sextant_similar':
      return similar(call.input, run);
    case 'sextant_commits':
      return commits(call.input, run);
    case 'index_status':
      return status(run);
  }
}
