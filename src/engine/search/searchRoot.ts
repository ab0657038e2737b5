import type { SearchFilters } from '../../shared/search.ts';
import type { CandidateFilter, FileRow, SearchSource } from '../store/searchIndex.ts';
import { pathFilter } from './pathFilter.ts';

/** A workspace root that is searched: its canonical URI and the reading side of its store. */
export interface SearchRoot {
  readonly root: string;
  readonly index: SearchSource;
}

/** By list of files: those that were allowed by the globs asked for last, for a filter stays while the questions change. */
const lastAllowed = new WeakMap<
  readonly FileRow[],
  { readonly globs: string; readonly fileIds: ReadonlySet<number> }
>();

function filesAllowed(files: readonly FileRow[], globs: readonly string[]): ReadonlySet<number> {
  const key = JSON.stringify(globs);
  const known = lastAllowed.get(files);
  if (known?.globs === key) return known.fileIds;
  const allows = pathFilter(globs);
  const fileIds = new Set(files.flatMap((file) => (allows(file.path) ? [file.fileId] : [])));
  lastAllowed.set(files, { globs: key, fileIds });
  return fileIds;
}

/** Files allowed by the path globs of one root, and the other filters as they are. */
export async function resolveFilter(index: SearchSource, filters: SearchFilters): Promise<CandidateFilter> {
  const { languages, kinds, scopes, paths } = filters;
  const present = <T>(values: readonly T[] | undefined) =>
    values === undefined || values.length === 0 ? undefined : values;
  const globs = present(paths);
  const fileIds = globs === undefined ? undefined : filesAllowed(await index.files(), globs);
  return {
    ...(present(languages) && { languages: present(languages)! }),
    ...(present(kinds) && { kinds: present(kinds)! }),
    ...(present(scopes) && { scopes: present(scopes)! }),
    ...(fileIds && { fileIds }),
  };
}

/** Share of the chunks of all roots whose embedding is ready; 1 when there is nothing to embed. */
export async function embeddedShareOf(roots: readonly SearchRoot[]): Promise<number> {
  let chunks = 0;
  let embedded = 0;
  for (const { index } of roots) {
    const counts = await index.counts();
    chunks += counts.chunks;
    embedded += counts.embedded;
  }
  return chunks === 0 ? 1 : Math.min(1, embedded / chunks);
}
