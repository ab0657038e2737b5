import type { ChangedCode } from './changedCode.ts';
import { pairFor, type MinedPair } from './minedPair.ts';
import { contentWords, plainText, shortened } from './prose.ts';

/** Titles of issues by their number, as the forge that the workspace comes from counts them. */
export type IssueTitles = ReadonlyMap<number, string>;

const fixing =
  /\b(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)\s*:?\s+(?:[\w.-]+\/[\w.-]+)?(?:#|https?:\/\/\S+\/issues\/)(\d+)/gi;
const fewestWords = 3;

/** The title of an issue asks for the code that the commit wrote which says that it fixes it. */
export function* issueTitlePairs({ commit, chunks }: ChangedCode, issues: IssueTitles): Generator<MinedPair> {
  const date = new Date(commit.authoredAt * 1000).toISOString();
  for (const [, number] of `${commit.subject}\n${commit.body}`.matchAll(fixing)) {
    const query = shortened(plainText((issues.get(Number(number)) ?? '').replace(/^\s*\[[^\]]*\]\s*/, '')));
    if (contentWords(query).length < fewestWords) continue;
    for (const chunk of chunks) yield pairFor(chunk, 'issue', query, { date });
  }
}
