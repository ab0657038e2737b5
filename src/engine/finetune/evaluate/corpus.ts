import { hash } from 'node:crypto';
import type { QueryPair } from '../../../shared/finetune.ts';
import type { SearchIndex } from '../../store/searchIndex.ts';
import { documentText } from '../pairs/minedPair.ts';
import { readPairWorkspace } from '../pairs/pairWorkspace.ts';
import { undocumented } from '../pairs/undocumented.ts';

/** A text that can be found, and where it comes from. */
export interface CorpusEntry {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly text: string;
}

/** More would cost time and change no verdict. */
const mostEntries = 20_000;

export function placeKey({ path, startLine }: { readonly path: string; readonly startLine: number }): string {
  return `${path}:${startLine}`;
}

/** Keeps `count` entries that depend on their places alone, and all that must stay. */
export function sampled(entries: readonly CorpusEntry[], keep: ReadonlySet<string>, count: number): CorpusEntry[] {
  if (entries.length <= count) return [...entries];
  const others = entries
    .filter((entry) => !keep.has(placeKey(entry)))
    .map((entry) => ({ entry, order: hash('sha256', placeKey(entry)) }))
    .sort((left, right) => (left.order < right.order ? -1 : 1))
    .slice(0, Math.max(0, count - keep.size))
    .map(({ entry }) => entry);
  return [...entries.filter((entry) => keep.has(placeKey(entry))), ...others];
}

/**
 * Everything that may be found in a workspace, as it is embedded, but without its documentation: were only the answers without
 * theirs, a model could tell them by that, and learning so would count as a gain. Tests are left out: a test that is named as the query asks would be found by
 * its very words.
 */
export function readCorpus(folder: string, index: SearchIndex, pairs: readonly QueryPair[]): CorpusEntry[] {
  const workspace = readPairWorkspace(folder, index);
  const tests = new Set(workspace.tests.map(({ chunkId }) => chunkId));
  const docs = new Map(pairs.flatMap((pair) => (pair.source === 'doc' ? [[placeKey(pair), pair.context]] : [])));
  const entries = workspace.chunks
    .filter(({ chunkId, scope }) => scope === 'code' && !tests.has(chunkId))
    .map((chunk): CorpusEntry => {
      const { path, startLine, endLine } = chunk;
      return {
        path,
        startLine,
        endLine,
        text: docs.get(placeKey(chunk)) ?? documentText(undocumented(chunk) ?? chunk),
      };
    });
  const places = new Set(entries.map(placeKey));
  // Rows that a person added may name places that no chunk begins at.
  const added = pairs
    .filter((pair) => !places.has(placeKey(pair)))
    .map(({ path, startLine, endLine, context }) => ({ path, startLine, endLine, text: context }));
  const distinct = [...new Map([...entries, ...added].map((entry) => [placeKey(entry), entry])).values()];
  return sampled(distinct, new Set(pairs.map(placeKey)), mostEntries);
}
