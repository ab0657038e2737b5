import { liveEngines, rootAt } from '../engine/share/engineEntry.ts';
import { EngineLink } from '../engine/share/engineLink.ts';
import { renamedResponse } from '../engine/share/mergeAnswers.ts';
import { runtimeFolder } from '../engine/share/runtimeFolder.ts';
import type { ShareParams } from '../engine/share/shareProtocol.ts';
import { SextantError } from '../shared/errors.ts';
import type { WorkspaceRoot } from '../shared/protocol.ts';
import type { SearchResponse } from '../shared/search.ts';
import type { CommandContext } from './command.ts';
import { storageDirectory } from './storageDirectory.ts';

/** Options that say how an engine is to be made: then one that runs already will not do. */
const ownEngineOptions = ['model', 'threads', 'backend', 'remote', 'store'];

/** True where the user chose the storage folder: engines with another one are not meant. */
export function storageIsChosen(env: NodeJS.ProcessEnv = process.env): boolean {
  return (env['SEXTANT_HOME'] ?? '') !== '';
}

/**
 * Asks the engine of a window or an agent that has the root open, brought up to date first unless told otherwise. `params` is
 * given the URI by which that engine knows the root. Undefined when there is none, or it went away: the caller opens the index.
 */
export async function askLiveEngine<M extends 'search' | 'similar'>(
  { options, signal }: CommandContext,
  root: WorkspaceRoot,
  method: M,
  params: (uri: string) => ShareParams<M>,
): Promise<SearchResponse | undefined> {
  if (ownEngineOptions.some((name) => options[name] !== undefined)) return undefined;
  for (const { entry } of liveEngines(runtimeFolder())) {
    const open = rootAt(entry, root.path);
    if (open === undefined || (storageIsChosen() && entry.storageDir !== storageDirectory())) continue;
    let link: EngineLink | undefined;
    try {
      link = await EngineLink.open(entry);
      if (options['no-refresh'] !== true) {
        await link.request('refresh', { roots: [open.uri], timeoutMs: 600_000 }, signal);
      }
      const response = await link.request(method, params(open.uri), signal);
      return renamedResponse(response, new Map([[open.uri, root.uri]]));
    } catch (error) {
      const gone = error instanceof SextantError && ['engine_unavailable', 'protocol_mismatch'].includes(error.code);
      if (!gone) throw error;
    } finally {
      link?.dispose();
    }
  }
  return undefined;
}
