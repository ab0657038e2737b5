import { pairSources, type PairSource } from '../../../shared/finetune.ts';
import { codeTokens } from '../../text/codeTokens.ts';
import type { MinedPair } from './minedPair.ts';
import { contentWords, wordsOf } from './prose.ts';

/** A query that is asked of more places than this has no answer of its own. */
const mostAnswers = 3;
/** So many pairs of one source for one piece of code: more would teach the same again. */
const mostPerChunk: Readonly<Record<PairSource, number>> = {
  doc: 1,
  name: 1,
  commit: 3,
  test: 3,
  docs: 3,
  issue: 3,
  call: 2,
  model: 4,
};
/** Longer queries are texts, not questions. */
const mostWords = 60;

/** Whether the query is more than the name and the path of its answer in other words. */
function isTelling({ query, path, context, source }: MinedPair): boolean {
  const words = contentWords(query);
  if (!words.some((word) => /\p{L}{3}/u.test(word)) || wordsOf(query).length > mostWords) return false;
  if (source === 'name') return words.length >= 2;
  const symbol = context.split('\n', 2)[1] ?? '';
  const known = new Set(codeTokens(`${path} ${symbol}`));
  return words.length >= 3 && codeTokens(words.join(' ')).some((term) => !known.has(term));
}

/** The query as far as two of them are the same. */
export function queryKey(query: string): string {
  return codeTokens(query).join(' ');
}

/**
 * Pairs worth training on, in the order given. What goes: queries without meaning, those that only repeat name and path of the
 * answer, those asked of many places or twice of one place, and pairs beyond a few for the same code.
 */
export function refinePairs(mined: readonly MinedPair[]): MinedPair[] {
  const telling = mined.filter(isTelling);
  const answers = new Map<string, Set<number>>();
  for (const { query, chunkId } of telling) {
    const key = queryKey(query);
    answers.set(key, (answers.get(key) ?? new Set()).add(chunkId));
  }
  const taken = new Set<string>();
  const perChunk = new Map<string, number>();
  return telling.filter(({ query, chunkId, source }) => {
    const key = queryKey(query);
    const pairKey = `${chunkId} ${key}`;
    const chunkKey = `${chunkId} ${source}`;
    const before = perChunk.get(chunkKey) ?? 0;
    if (answers.get(key)!.size > mostAnswers || taken.has(pairKey) || before >= mostPerChunk[source]) return false;
    taken.add(pairKey);
    perChunk.set(chunkKey, before + 1);
    return true;
  });
}

/** How many pairs each source gave, in the order of {@link pairSources}. */
export function countBySource(pairs: Iterable<{ readonly source: PairSource }>): Partial<Record<PairSource, number>> {
  const groups = Map.groupBy(pairs, ({ source }) => source);
  return Object.fromEntries(
    pairSources.flatMap((source) => (groups.has(source) ? [[source, groups.get(source)!.length]] : [])),
  );
}
