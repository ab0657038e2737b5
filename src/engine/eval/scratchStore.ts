import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { RootStore } from '../store/rootStore.ts';

/** Runs `work` with an empty store that nobody else sees, and removes it afterwards. */
export async function withScratchStore<T>(work: (store: RootStore) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sextant-eval-'));
  try {
    const store = new RootStore(path.join(folder, 'index.sqlite'));
    try {
      store.acquire();
      return await work(store);
    } finally {
      store.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
