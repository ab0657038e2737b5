import { hash } from 'node:crypto';
import type { PairSource, QueryPair } from '../../../shared/finetune.ts';
import { queryKey } from '../pairs/refinePairs.ts';

export interface Split {
  readonly train: readonly QueryPair[];
  /** Chooses the best weights while training runs. */
  readonly tune: readonly QueryPair[];
  /** Judges the result; of files, and of commits newer than any, that training never saw. */
  readonly held: readonly QueryPair[];
}

const heldShare = 0.2;
const tuneShare = 0.1;
/** Names in words and remarks above calls are made to learn from; nobody asks like that. */
const teachingOnly: ReadonlySet<PairSource> = new Set(['name', 'call']);

/** Files in an order that depends on the seed and their names alone. */
function shuffledFiles(pairs: readonly QueryPair[], seed: number): string[] {
  const files = [...new Set(pairs.map(({ path }) => path))];
  const order = new Map(files.map((file) => [file, hash('sha256', `${seed} ${file}`)]));
  return files.sort((left, right) => (order.get(left)! < order.get(right)! ? -1 : 1));
}

/** The first files of the order that together hold a share of the pairs. */
function filesHolding(share: number, files: readonly string[], pairs: readonly QueryPair[]): Set<string> {
  const counts = new Map<string, number>();
  for (const { path } of pairs) counts.set(path, (counts.get(path) ?? 0) + 1);
  const wanted = share * pairs.length;
  const taken = new Set<string>();
  let held = 0;
  for (const file of files) {
    const count = counts.get(file) ?? 0;
    // A file with very many pairs would leave nothing to learn from.
    if (held + count > wanted * 1.5 && taken.size > 0) continue;
    if (held >= wanted) break;
    taken.add(file);
    held += count;
  }
  return taken;
}

/** The date after which the newest share of the dated pairs lies; undefined when none is dated. */
function cutDate(pairs: readonly QueryPair[]): string | undefined {
  const dates = [...new Set(pairs.flatMap(({ date }) => (date === undefined ? [] : [date])))].sort();
  return dates[Math.floor(dates.length * (1 - heldShare))];
}

/** Training pairs without any that ask the same, or show the same code, as those that judge. */
function disjoint(train: readonly QueryPair[], judging: readonly QueryPair[]): QueryPair[] {
  const queries = new Set(judging.map(({ query }) => queryKey(query)));
  const contexts = new Set(judging.map(({ context }) => hash('sha256', context)));
  return train.filter(({ query, context }) => !queries.has(queryKey(query)) && !contexts.has(hash('sha256', context)));
}

/** Pairs that ask as people do. */
export function judgingPairs(pairs: readonly QueryPair[]): QueryPair[] {
  return pairs.filter(({ source }) => !teachingOnly.has(source));
}

/**
 * Splits 80/20 by file and by time: pairs of held-out files judge, of commits only those newer than any that is trained on. What
 * is in a held-out file but older, or newer but in another file, is used for neither. A tenth of the rest chooses the weights.
 */
export function splitPairs(pairs: readonly QueryPair[], seed: number): Split {
  const files = shuffledFiles(pairs, seed);
  const heldFiles = filesHolding(heldShare, files, pairs);
  const cut = cutDate(pairs);
  const isNew = ({ date }: QueryPair): boolean => date !== undefined && cut !== undefined && date >= cut;
  const held = judgingPairs(
    pairs.filter((pair) => heldFiles.has(pair.path) && (pair.date === undefined || isNew(pair))),
  );
  const rest = disjoint(
    pairs.filter((pair) => !heldFiles.has(pair.path) && !isNew(pair)),
    held,
  );
  const left = files.filter((file) => !heldFiles.has(file)).reverse();
  const tuneFiles = filesHolding(tuneShare, left, rest);
  const tune = judgingPairs(rest.filter(({ path }) => tuneFiles.has(path)));
  const train = disjoint(
    rest.filter(({ path }) => !tuneFiles.has(path)),
    tune,
  );
  return { train, tune, held };
}

/** Each file is held out once: every pair judges one of the `count` trainings, and chooses nothing. */
export function crossValidationFolds(pairs: readonly QueryPair[], count: number, seed: number): Split[] {
  const files = shuffledFiles(pairs, seed);
  return Array.from({ length: count }, (_, fold) => {
    const heldFiles = new Set(files.filter((_file, index) => index % count === fold));
    const held = judgingPairs(pairs.filter(({ path }) => heldFiles.has(path)));
    const train = disjoint(
      pairs.filter(({ path }) => !heldFiles.has(path)),
      held,
    );
    return { train, tune: [], held };
  }).filter(({ held, train }) => held.length > 0 && train.length > 0);
}
