import en from 'zod/v4/locales/en.js';
import { SextantError } from './errors.ts';
import type { SearchFilters, SearchRequest, SearchResponse, SimilarRequest } from './search.ts';
import type { EngineStatus, RootStatus } from './status.ts';
import { searchAnswer, type AnswerOptions, type ToolAnswer, type ToolFolder } from './toolAnswer.ts';
import { defaultTokenBudget, defaultToolLimit, tools, type ToolInput, type ToolName } from './tools.ts';

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

const { localeError } = en();

/** What tools answer goes to a model, most often one elsewhere. */
const withholdSecrets = true;

/**
 * The input of a call, checked against the tool's schema.
 * @throws SextantError `invalid_argument` that names what is wrong, for the model to correct.
 */
export function parseToolInput<N extends ToolName>(name: N, input: unknown): ToolInput<N> {
  const parsed = tools[name].input.safeParse(input ?? {}, { error: localeError });
  if (parsed.success) return parsed.data as ToolInput<N>;
  const problems = parsed.error.issues.map(({ path, message }) =>
    path.length === 0 ? message : `\`${path.join('.')}\`: ${message}`,
  );
  throw new SextantError('invalid_argument', `${name}: ${problems.join('; ')}`);
}

function foldersFor(folders: readonly ToolFolder[], wanted: string | undefined): readonly ToolFolder[] {
  if (folders.length === 0) {
    throw new SextantError('workspace_missing', 'No folder may be searched.', { hint: 'Open a folder first.' });
  }
  if (wanted === undefined) return folders;
  const chosen = folders.filter(({ name, path, uri }) => [name, path, uri].includes(wanted));
  if (chosen.length > 0) return chosen;
  const names = folders.map(({ name }) => name).join(', ');
  throw new SextantError(
    'invalid_argument',
    `\`folder\`: «${wanted}» is not one of the folders that may be searched: ${names}.`,
  );
}

function filtersOf(input: Pick<ToolInput<'sextant_search'>, 'languages' | 'paths' | 'kinds' | 'scope'>): SearchFilters {
  const { languages, paths, kinds, scope } = input;
  return { languages, paths, kinds, scopes: scope };
}

const percent = (share: number): string => `${Math.floor(share * 100)} %`;

/** Sentences about a response and the roots it came from that keep an agent from taking a partial answer for the whole. */
export function indexState(
  response: Pick<SearchResponse, 'embeddedShare' | 'notice'>,
  roots: readonly RootStatus[],
): string[] {
  const reading = roots.filter(({ phase }) => phase === 'opening' || phase === 'scanning' || phase === 'indexing');
  const empty = roots.filter(({ phase, files }) => (phase === 'ready' || phase === 'paused') && files === 0);
  const broken = roots.filter(({ phase }) => phase === 'error');
  return [
    ...reading.map(
      ({ name, files }) => `The index of ${name} is partial: files are still being read (${files} so far).`,
    ),
    ...empty.map(({ name }) => `Nothing in ${name} is indexed.`),
    ...broken.map(({ name, error }) => `The index of ${name} has a problem: ${error?.message ?? 'unknown'}`),
    ...(response.embeddedShare < 1
      ? [
          `The index is partial: ${percent(response.embeddedShare)} can be found by meaning so far, all that is read by words.`,
        ]
      : []),
    ...(response.notice === undefined ? [] : [response.notice]),
  ];
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

async function search(
  { query, mode, folder, limit, maxTokens, ...filters }: ToolInput<'sextant_search'>,
  backend: ToolBackend,
  reader: ToolReader,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  const folders = foldersFor(backend.folders, folder);
  const roots = folders.map(({ uri }) => uri);
  const response = await backend.search(
    {
      query,
      mode: mode ?? 'hybrid',
      limit: limit ?? defaultToolLimit,
      filters: filtersOf(filters),
      roots,
      withholdSecrets,
    },
    signal,
  );
  return searchAnswer(response, {
    folders: backend.folders,
    budget: budgetOf(maxTokens, reader),
    ...reader,
    state: await stateOf(response, folders, backend, signal),
    title: titleOf(`${count(response.results.length, 'result')}.`, folders),
  });
}

async function stateOf(
  response: SearchResponse,
  folders: readonly ToolFolder[],
  backend: ToolBackend,
  signal: AbortSignal,
): Promise<string[]> {
  const { roots } = await backend.status(signal);
  return indexState(
    response,
    roots.filter(({ root }) => folders.some(({ uri }) => uri === root)),
  );
}

/** Places in the folders that a path given by an agent may mean. */
function placesOf(path: string, folders: readonly ToolFolder[]): { readonly root: string; readonly path: string }[] {
  const given = path.replaceAll('\\', '/').replace(/^\.\//, '');
  const places = folders.flatMap((folder) => {
    const base = `${folder.path.replaceAll('\\', '/').replace(/\/$/, '')}/`;
    if (given.startsWith(base)) return [{ root: folder.uri, path: given.slice(base.length) }];
    const named = `${folder.name}/`;
    const within = folders.length > 1 && given.startsWith(named) ? [given.slice(named.length), given] : [given];
    return within.map((relative) => ({ root: folder.uri, path: relative }));
  });
  const inside = places.filter(
    ({ path: relative }) => !/^(?:\/|[A-Za-z]:)/.test(relative) && !relative.split('/').includes('..'),
  );
  if (inside.length > 0) return inside;
  const names = folders.map(({ path: folderPath }) => folderPath).join(', ');
  throw new SextantError('invalid_argument', `\`path\`: «${path}» is not in a folder that may be searched: ${names}.`);
}

async function similar(
  input: ToolInput<'sextant_similar'>,
  backend: ToolBackend,
  reader: ToolReader,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  const { startLine, endLine = startLine, limit = defaultToolLimit, maxTokens } = input;
  if (endLine < startLine) {
    throw new SextantError('invalid_argument', `\`endLine\`: ${endLine} lies before \`startLine\` ${startLine}.`);
  }
  const folders = foldersFor(backend.folders, input.folder);
  let missing: unknown;
  for (const place of placesOf(input.path, folders)) {
    try {
      const location = { ...place, startLine, endLine };
      const request = {
        location,
        limit,
        filters: filtersOf(input),
        roots: folders.map(({ uri }) => uri),
        withholdSecrets,
      };
      const response = await backend.similar(request, signal);
      return await searchAnswer(response, {
        folders: backend.folders,
        budget: budgetOf(maxTokens, reader),
        ...reader,
        state: await stateOf(response, folders, backend, signal),
        title: titleOf(
          `${count(response.results.length, 'place')} like ${input.path}:${startLine}-${endLine}.`,
          folders,
        ),
      });
    } catch (error) {
      if (!(error instanceof SextantError) || error.code !== 'not_found') throw error;
      missing = error;
    }
  }
  throw missing;
}

async function commits(
  { query, paths, folder, limit, maxTokens }: ToolInput<'sextant_commits'>,
  backend: ToolBackend,
  reader: ToolReader,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  const folders = foldersFor(backend.folders, folder);
  const filters: SearchFilters = { paths, scopes: ['commits'] };
  const roots = folders.map(({ uri }) => uri);
  const response = await backend.search(
    { query, mode: 'hybrid', limit: limit ?? defaultToolLimit, filters, roots, withholdSecrets },
    signal,
  );
  return searchAnswer(response, {
    folders: backend.folders,
    budget: budgetOf(maxTokens, reader),
    ...reader,
    state: await stateOf(response, folders, backend, signal),
    title: `${count(response.results.length, 'commit')}.`,
  });
}

async function status(backend: ToolBackend, signal: AbortSignal): Promise<ToolAnswer> {
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
 * Answers one call of a tool. `input` is what {@link parseToolInput} gave.
 * @throws SextantError for what the caller or the index cannot do; the signal's reason when cancelled.
 */
export function runTool(
  call: { readonly [N in ToolName]: ToolCall<N> }[ToolName],
  backend: ToolBackend,
  reader: ToolReader,
  signal: AbortSignal,
): Promise<ToolAnswer> {
  switch (call.name) {
    case 'sextant_search':
      return search(call.input, backend, reader, signal);
    case 'sextant_similar':
      return similar(call.input, backend, reader, signal);
    case 'sextant_commits':
      return commits(call.input, backend, reader, signal);
    case 'index_status':
      return status(backend, signal);
  }
}
