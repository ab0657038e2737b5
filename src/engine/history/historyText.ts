import type { MoodKind } from '../../shared/sentiment.ts';
import type { PendingText } from '../store/history/historyTypes.ts';

/** The model reads no more than this. */
const longestEmbedded = 4000;

/** Lines that tools and mailing lists put below a message; they say nothing about what was done. */
const trailer =
  /^(?:[A-Z][\w-]*-by|Change-Id|Reviewed-on|git-svn-id|PiperOrigin-RevId|Cr-Commit-Position|Tested|Link|Closes|Fixes|Refs):? .*$/gm;

/** What is embedded of an item: its title, and its body without trailers. */
export function historyEmbeddingText({ title, body }: PendingText): string {
  const rest = body.slice(0, longestEmbedded).replace(trailer, '').trim();
  return rest === '' ? title : `${title}\n\n${rest}`.slice(0, longestEmbedded);
}

/** What is classified of an item: all that its author wrote. */
export function historyMoodText({ title, body }: Pick<PendingText, 'title' | 'body'>): string {
  return [title, body].filter((part) => part !== '').join('\n\n');
}

/** As the classifier names the kinds of texts. */
export function moodKindOf(kind: PendingText['kind']): MoodKind {
  return kind === 'pullRequest' ? 'issue' : kind;
}
