import { realpathSync } from 'node:fs';
import path from 'node:path';
import type { IndexAccess } from '../../engine/share/indexAccess.ts';
import type { WorkspaceRoot } from '../../shared/protocol.ts';
import type { ToolBackend } from '../../shared/runTool.ts';
import type { SearchResponse, SearchResult } from '../../shared/search.ts';
import { isWithin } from './allowedFolders.ts';

/** False where the file, its links resolved, lies outside of its root; a file that is gone was within. */
function staysInside({ path: file }: SearchResult, root: WorkspaceRoot | undefined): boolean {
  if (root === undefined) return false;
  const absolute = path.join(root.path, ...file.split('/'));
  if (!isWithin(root.path, absolute)) return false;
  try {
    return isWithin(root.path, realpathSync(absolute));
  } catch {
    return true;
  }
}

/** The tools' view of the index for one call: these folders and nothing else, whatever the engine has open besides. */
export function accessBackend(access: IndexAccess, folders: readonly WorkspaceRoot[]): ToolBackend {
  const chosen = (uris: readonly string[] | undefined): WorkspaceRoot[] =>
    folders.filter(({ uri }) => uris === undefined || uris.includes(uri));
  const inside = (response: SearchResponse): SearchResponse => ({
    ...response,
    results: response.results.filter((result) =>
      staysInside(
        result,
        folders.find(({ uri }) => uri === result.root),
      ),
    ),
  });
  return {
    folders,
    search: async (request, signal) => inside(await access.search(chosen(request.roots), request, signal)),
    similar: async (request, signal) => inside(await access.similar(chosen(request.roots), request, signal)),
    status: (signal) => access.status(folders, signal),
  };
}
