import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Generation } from '../store/catalog.ts';
import type { RootStore } from '../store/rootStore.ts';
import type { TeamLayer } from './indexerOptions.ts';
import { SiblingCache } from '../store/siblingCache.ts';

const lookedUpAtOnce = 250;
const askedForAtOnce = 2000;

/**
 * Takes over what others have embedded of what is missing in this database: the team, the databases of other folders, such as
 * worktrees, and the damaged one that this one replaces.
 */
export async function borrowEmbeddings(
  store: RootStore,
  generation: Generation,
  damagedCopy: string | undefined,
  signal: AbortSignal,
  team?: TeamLayer,
): Promise<void> {
  if (team !== undefined) await borrowFromTeam(store, generation, team, signal);
  const cache = new SiblingCache(store.file, generation.fingerprint, damagedCopy);
  try {
    const missing = cache.empty ? [] : store.pending(generation, lookedUpAtOnce);
    for (const part of missing) {
      const found = part.map(({ textHash }) => cache.find(textHash));
      const borrowed = found.filter((embedding) => embedding !== undefined);
      if (borrowed.length > 0) store.adoptEmbeddings(generation, borrowed);
      await nextTurn();
      signal.throwIfAborted();
    }
  } finally {
    cache.close();
  }
}

async function borrowFromTeam(
  store: RootStore,
  generation: Generation,
  team: TeamLayer,
  signal: AbortSignal,
): Promise<void> {
  for (const missing of store.pending(generation, askedForAtOnce)) {
    const hashes = missing.map(({ textHash }) => textHash);
    const found = await team.vectors(generation.fingerprint, hashes);
    signal.throwIfAborted();
    for (let from = 0; from < found.length; from += lookedUpAtOnce) {
      store.adoptEmbeddings(generation, found.slice(from, from + lookedUpAtOnce));
      await nextTurn();
    }
  }
}
