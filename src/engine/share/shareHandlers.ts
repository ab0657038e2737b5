import type { Engine } from '../engine.ts';
import { withoutSecrets } from '../secrets/withholdSecrets.ts';
import type { ShareMethod, ShareParams, ShareResults } from './shareProtocol.ts';

/** What of an engine is shared. */
export type SharedEngine = Pick<Engine, 'search' | 'similar' | 'duplicates' | 'status' | 'reindex' | 'whenIdle'>;

/** Brings roots in step with the disk. */
export type Refresh = (roots: readonly string[], signal: AbortSignal) => Promise<void>;

export type ShareHandlers = {
  readonly [M in Exclude<ShareMethod, 'hello'>]: (
    params: ShareParams<M>,
    signal: AbortSignal,
  ) => ShareResults[M] | Promise<ShareResults[M]>;
};

/** Looks at every file; whatever keeps the roots from being in step shows in their status. */
async function reindexed(engine: SharedEngine, roots: readonly string[], signal: AbortSignal): Promise<void> {
  await engine.reindex(roots, false);
  await engine.whenIdle(signal);
}

/** Answers what may be asked of an engine from outside of its process. */
export function shareHandlers(engine: SharedEngine, refresh?: Refresh): ShareHandlers {
  const refreshed: Refresh = refresh ?? ((roots, signal) => reindexed(engine, roots, signal));
  return {
    search: async (request, signal) => withoutSecrets(await engine.search(request, signal), request),
    similar: async (request, signal) => withoutSecrets(await engine.similar(request, signal), request),
    duplicates: (request, signal) => engine.duplicates(request, signal),
    status: () => engine.status(),
    refresh: async ({ roots, timeoutMs }, signal) => {
      await refreshed(roots, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])).catch(() => undefined);
      signal.throwIfAborted();
      return {};
    },
  };
}
