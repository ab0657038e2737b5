import type { SearchRoot } from '../search/searchRoot.ts';
import { isTeamFailure, type TeamRoot } from './teamRoot.ts';

/** A root with the index on this machine and, where there is one, the team's. */
export interface LayeredRoot {
  readonly team: TeamRoot | undefined;
  searchedWith(fingerprint: string | undefined): SearchRoot;
}

/**
 * Searches what is indexed here together with what the team shares. Where the shared index fails, before or in the middle of the search, the
 * answer is from this machine alone and says so.
 */
export async function searchLayers<T extends { readonly notice?: string }>(
  roots: readonly LayeredRoot[],
  fingerprint: string | undefined,
  search: (searched: readonly SearchRoot[]) => Promise<T>,
): Promise<T> {
  const local = roots.map((root) => root.searchedWith(fingerprint));
  const teams = roots.flatMap(({ team }) => team ?? []);
  if (teams.length === 0) return search(local);
  let met: TeamRoot | undefined;
  try {
    const shared: SearchRoot[] = [];
    for (const team of teams) {
      met = team;
      shared.push(await team.searched(fingerprint));
    }
    return await search([...local, ...shared]);
  } catch (error) {
    if (!isTeamFailure(error)) throw error;
    met?.failed(error);
    const answer = await search(local);
    const notice = `Searched on this machine only: ${error.message}`;
    return { ...answer, notice: answer.notice === undefined ? notice : `${notice} ${answer.notice}` };
  }
}
