import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Chunk, ChunkedFile } from '../chunk/chunk.ts';
import { undocumented } from '../finetune/pairs/undocumented.ts';
import type { OpenRoot } from '../openRoot.ts';
import type { Encoder } from '../runtime/encoder.ts';
import { RootStore } from '../store/rootStore.ts';
import type { HeldOutQuery } from './heldOutQueries.ts';

/** Not `.db`: other roots must not take it for an index to borrow embeddings from, while it may borrow from them. */
const suffix = '.measure';
/** What a killed process left behind is older than any measurement lasts. */
const abandonedMs = 24 * 60 * 60 * 1000;
let count = 0;

function removeAbandoned(storageDir: string): void {
  for (const name of readdirSync(storageDir).filter((entry) => entry.includes(suffix))) {
    const file = path.join(storageDir, name);
    const { mtimeMs } = statSync(file, { throwIfNoEntry: false }) ?? { mtimeMs: Infinity };
    if (Date.now() - mtimeMs > abandonedMs) rmSync(file, { force: true });
  }
}

/** Takes the documentation out of all code. */
function undocumentedFile(_path: string, chunked: ChunkedFile): ChunkedFile {
  if (chunked.scope !== 'code') return chunked;
  return { ...chunked, chunks: chunked.chunks.map((chunk) => undocumented(chunk) ?? chunk) };
}

/** Takes the documentation out of the chunks that queries were made from it, in all that is indexed of them. */
function withheld(queries: readonly HeldOutQuery[]): (path: string, file: ChunkedFile) => ChunkedFile {
  const lines = new Map<string, Set<number>>();
  for (const { source, answers } of queries) {
    if (source !== 'doc') continue;
    for (const { path, startLine } of answers) lines.set(path, (lines.get(path) ?? new Set()).add(startLine));
  }
  return (file, chunked) => {
    const held = lines.get(file);
    if (held === undefined) return chunked;
    const withhold = (chunk: Chunk): Chunk => (held.has(chunk.startLine) ? (undocumented(chunk) ?? chunk) : chunk);
    return { ...chunked, chunks: chunked.chunks.map(withhold) };
  };
}

export interface HeldOutIndexOptions {
  readonly root: OpenRoot;
  readonly storageDir: string;
  readonly queries: readonly HeldOutQuery[];
  /**
   * Whose documentation is withheld: that of the answers to the queries, or of all code. Where models are compared of which one may
   * have learnt what undocumented code looks like, only the latter is fair.
   */
  readonly withhold: 'answers' | 'all';
  readonly signal: AbortSignal;
}

/**
 * An index of the root, beside the one that serves, that does not know the documentation which the queries were made from. It
 * borrows the embeddings that it shares with the serving index.
 */
export class HeldOutIndex {
  readonly store: RootStore;
  readonly #options: HeldOutIndexOptions;
  readonly #change: ReturnType<typeof withheld>;

  constructor(options: HeldOutIndexOptions) {
    this.#options = options;
    this.#change = options.withhold === 'all' ? undocumentedFile : withheld(options.queries);
    removeAbandoned(options.storageDir);
    count += 1;
    this.store = new RootStore(path.join(options.storageDir, `${process.pid}-${count}${suffix}`));
  }

  /** Brings the index up to date with this model as the one that serves. @throws as indexing does */
  async fill(encoder: Encoder, onShare: (share: number) => void): Promise<void> {
    const { root, signal } = this.#options;
    const indexer = root.indexerInto(this.store, this.#change);
    const timer = setInterval(() => {
      const { chunks, embedded, phase } = indexer.status();
      onShare(phase === 'embedding' && chunks > 0 ? 0.2 + (0.8 * embedded) / chunks : 0.1);
    }, 300);
    try {
      indexer.start(encoder);
      await indexer.whenIdle(signal);
    } finally {
      clearInterval(timer);
      await indexer.dispose();
    }
  }

  /** Removes everything. */
  dispose(): void {
    const { file } = this.store;
    this.store.close();
    for (const name of readdirSync(path.dirname(file))) {
      if (name.startsWith(path.basename(file))) rmSync(path.join(path.dirname(file), name), { force: true });
    }
  }
}
