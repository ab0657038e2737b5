import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Generation } from '../store/catalog.ts';
import type { RootStore } from '../store/rootStore.ts';
import { SiblingCache } from '../store/siblingCache.ts';

const lookedUpAtOnce = 250;

/**
 * Takes over what other databases have embedded of what is missing in this one: those of other folders, such as worktrees, and
 * the damaged one that this one replaces.
 */
export async function borrowEmbeddings(
  store: RootStore,
  generation: Generation,
  damagedCopy: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  const cache = new SiblingCache(store.file, generation.fingerprint, damagedCopy);
  try {
    const missing = cache.empty ? [] : store.pending(generation);
    for (let from = 0; from < missing.length; from += lookedUpAtOnce) {
      const found = missing.slice(from, from + lookedUpAtOnce).map(({ textHash }) => cache.find(textHash));
      const borrowed = found.filter((embedding) => embedding !== undefined);
      if (borrowed.length > 0) store.adoptEmbeddings(generation, borrowed);
      await nextTurn();
      signal.throwIfAborted();
    }
  } finally {
    cache.close();
  }
}
