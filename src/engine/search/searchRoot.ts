import type { SearchFilters } from '../../shared/search.ts';
import type { CandidateFilter, SearchSource } from '../store/searchIndex.ts';
import { pathFilter } from './pathFilter.ts';

/** A workspace root that is searched: its canonical URI and the reading side of its store. */
export interface SearchRoot {
  readonly root: string;
  readonly index: SearchSource;
}

/** Files allowed by the path globs of one root, and the other filters as they are. */
export async function resolveFilter(index: SearchSource, filters: SearchFilters): Promise<CandidateFilter> {
  const { languages, kinds, scopes, paths } = filters;
  const present = <T>(values: readonly T[] | undefined) =>
    values === undefined || values.length === 0 ? undefined : values;
  const globs = present(paths);
  const allows = globs === undefined ? undefined : pathFilter(globs);
  const fileIds =
    allows === undefined
      ? undefined
      : new Set((await index.files()).flatMap((file) => (allows(file.path) ? [file.fileId] : [])));
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
