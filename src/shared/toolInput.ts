import en from 'zod/v4/locales/en.js';
import { SextantError } from './errors.ts';
import type { SearchFilters } from './search.ts';
import type { ToolFolder } from './toolAnswer.ts';
import { tools, type ToolInput, type ToolName } from './tools.ts';

const { localeError } = en();

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

/**
 * The folders that a call means: the one it names, else all.
 * @throws SextantError `workspace_missing` where there is none, `invalid_argument` for another one.
 */
export function foldersFor(folders: readonly ToolFolder[], wanted: string | undefined): readonly ToolFolder[] {
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

export function filtersOf(
  input: Pick<ToolInput<'sextant_search'>, 'languages' | 'paths' | 'kinds' | 'scope'>,
): SearchFilters {
  const { languages, paths, kinds, scope } = input;
  return { languages, paths, kinds, scopes: scope };
}

/**
 * Places in the folders that a path given by an agent may mean.
 * @throws SextantError `invalid_argument` when none of them is within a folder.
 */
export function placesOf(
  path: string,
  folders: readonly ToolFolder[],
): { readonly root: string; readonly path: string }[] {
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
