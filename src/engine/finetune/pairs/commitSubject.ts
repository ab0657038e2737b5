import type { ChangedCode } from './changedCode.ts';
import { pairFor, type MinedPair } from './minedPair.ts';
import { contentWords, plainText, shortened } from './prose.ts';

/** Subjects that describe housekeeping, not code. */
const housekeeping =
  /^(?:merge|revert|bump|release|prepare|version|v?\d+\.\d|update (?:changelog|readme|deps|dependenc|version|copyright|licen)|changelog|typos?|fix(?:ed|es)? (?:typos?|lint|build|ci|tests?|formatting|whitespace)\b|lint|format|reformat|prettier|black|clang-format|run |wip|initial commit|first commit|cleanup|clean up$|minor|misc|nit|oops|(?:add|update|fix|remove|improve|clean ?up|correct|tweak)(?:e[sd]|s|ing)? (?:\w+ )?(?:comments?|docs?|docstrings?|documentation|readme|examples?|benchmarks?|tests?|typing|types?|imports?|links?)\b)/i;
const fewestWords = 3;

/** The subject of a commit as a question; empty when it is none. */
function subjectQuery(subject: string): string {
  const text = plainText(
    subject
      .replace(/^(?:[a-zA-Z]+(?:\([^)]*\))?!?|[\w./-]+)\s*:\s+/, '')
      .replace(/^(?:\[[^\]]*\]|:\w+:)\s*/, '')
      .replaceAll(/\(?(?:(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?|refs?|see|gh|pr|issue)\s*:?\s*)?#\d+\)?/gi, ' '),
  ).replace(/[\s.,:;-]+$/, '');
  if (housekeeping.test(text) || contentWords(text).length < fewestWords) return '';
  return shortened(text);
}

/** What a commit says it does asks for the code that it wrote. */
export function* commitSubjectPairs({ commit, chunks }: ChangedCode): Generator<MinedPair> {
  const query = subjectQuery(commit.subject);
  if (query === '') return;
  const date = new Date(commit.authoredAt * 1000).toISOString();
  for (const chunk of chunks) yield pairFor(chunk, 'commit', query, { date });
}
