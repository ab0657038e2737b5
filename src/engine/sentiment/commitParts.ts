import { blank } from './maskText.ts';

const knownTrailer =
  /^(?:[A-Z][\w]*(?:-[A-Za-z]+)*-by|Cc|Change-Id|Fixes|Closes|Resolves|Refs?|References|See-also|Link|Bug|BUG|Issue|Issues|Test|TEST|TBR|R|Reviewed-on|Reviewed-at|Differential Revision|Differential|Auditors|Reviewers|Subscribers|Tags|Tasks|git-svn-id|PR-URL|PiperOrigin-RevId|GitOrigin-RevId|Commit-Queue|Auto-Submit|Cr-[\w-]+|Cherry-picked|Backport-of|Upstream|Release-Note|Sponsored by|Submitted by|Obtained from|Approved by|MFC after|Part-of|Original-\w+)\s*[:=]\s*\S/i;
const anyTrailer = /^[A-Z][A-Za-z]*(?:-[A-Za-z]+)+: \S/;
const cherryPick = /^\(cherry[- ]picked from commit [0-9a-f]+\)|^git-svn-id:|^\(backported from /i;

/** `feat(parser)!: `, `[core] `, `PROJ-123: `: what a commit is about, not how its author feels. */
const prefixes: readonly RegExp[] = [
  /^\s*(?:fixup|squash|amend)! /,
  /^\s*(?:build|chore|ci|docs?|feat|feature|fix|bugfix|hotfix|perf|refactor|revert|style|tests?|deps|release|wip|security|enhancement|improvement|add|change|remove)(?:\([^()\n]{1,60}\))?!?:\s+/i,
  /^\s*\[[^\]\n]{1,40}\]:?\s*/,
  /^\s*[A-Z][A-Z\d]+-\d+[:\s-]\s*/,
  /^\s*#\d+[:\s-]\s*/,
];
/** A picture in front of a commit's subject names its kind (gitmoji), not a mood. */
const leadingPicture = /^\s*(?::[a-z0-9_+-]+:|\p{Extended_Pictographic}\u{FE0F}?)\s+(?=\S)/u;

/** Overwrites the parts of a commit message that follow a form: prefixes of its subject, trailers at its end. */
export function maskCommitForm(message: string): string {
  const end = message.indexOf('\n');
  const subject = end < 0 ? message : message.slice(0, end);
  let rest = subject;
  for (const pattern of [leadingPicture, ...prefixes, leadingPicture]) rest = rest.replace(pattern, '');
  const lines = end < 0 ? [] : message.slice(end + 1).split('\n');
  maskTrailers(lines);
  const masked = ' '.repeat(subject.length - rest.length) + rest;
  return end < 0 ? masked : `${masked}\n${lines.join('\n')}`;
}

/** Known trailers go wherever they stand; others, such as a project's own, only in a last paragraph made of nothing else. */
function maskTrailers(lines: string[]): void {
  let last = lines.length - 1;
  while (last >= 0 && lines[last]!.trim() === '') last--;
  let first = last;
  while (first > 0 && lines[first - 1]!.trim() !== '') first--;
  const paragraph = lines.slice(Math.max(0, first), last + 1);
  const formal = paragraph.every((line) => anyTrailer.test(line) || knownTrailer.test(line) || /^\s+\S/.test(line));
  for (const [index, line] of lines.entries()) {
    const inLast = formal && index >= first && index <= last;
    if (inLast || knownTrailer.test(line) || cherryPick.test(line)) lines[index] = blank(line);
  }
}

const mergeSubject =
  /^\s*(?:Merge (?:branch(?:es)?|pull request|remote(?:-tracking)? branch|tag|tags|commit|PR|MR|bitcoin|topic) ?\S|Merge (?:remote|upstream|origin|master|main)\b|Merge \S+ into \S+\s*$|Merge '[^']+'|Merge "[^"]+"|Merged in \S+ \(pull request|Auto merge of #|Automatic merge |Merge from |Merge of |Merging \S+ (?:in)?to )/i;
const revertLine =
  /^\s*(?:Revert\b.*["“].*|This reverts commit [0-9a-f]{7,}[.,]?|This reverts commit\s*|[0-9a-f]{40}[.,]?|Reland\b.*["“].*)\s*$/i;
const versionBump =
  /^(?:\w+(?:\([^)]*\))?!?: )?(?:bump|update|upgrade|pin|lock)s? (?:dependency )?\S+(?: requirement| digest| action)? (?:from \S+ )?to v?[\d.a-f]+\S*(?: in \S+)?(?: \(#\d+\))?\s*$/i;
const botAuthor =
  /\[bot\]|\b(?:dependabot|renovate|greenkeeper|github-actions|snyk-bot|pre-commit-ci|codecov|mergify|bors|allcontributors|imgbot|semantic-release-bot|web-flow bot|k8s-ci-robot|homebrewbot|rust-timer|rustbot|highfive|travis|travisbuddy|coveralls|stale|cla-?bot|googlebot|jenkins|buildbot|weblate|transifex|dotnet-bot|msftbot|azure-pipelines|circleci|appveyor|pyup-bot|deepsource-autofix|fossabot|whitesource|mend-bolt|vercel|netlify|copybara)\b|(?:^|[\s_-])(?:bot|ci-bot|autoroll(?:er)?)(?:$|[\s_<@-])/i;

export function isMergeMessage(message: string): boolean {
  return mergeSubject.test(message);
}

/** True where nothing but what `git revert` writes is there; reasons that were given are read. */
export function isRevertByForm(message: string): boolean {
  const lines = message.split('\n').filter((line) => line.trim() !== '');
  return lines.length > 0 && /^\s*(?:Revert|Reland)\b/i.test(lines[0]!) && lines.every((line) => revertLine.test(line));
}

/** Overwrites what `git revert` wrote around the reason. */
export function maskRevert(message: string): string {
  if (!/^\s*(?:Revert|Reland)\b.*["“]/i.test(message)) return message;
  return message
    .split('\n')
    .map((line) => (revertLine.test(line) ? blank(line) : line))
    .join('\n');
}

/** “Bump x from 1 to 2”, as tools write it. */
export function isVersionBump(message: string): boolean {
  return versionBump.test(message.split('\n', 1)[0]!);
}

export function isBotAuthor(author: string): boolean {
  return botAuthor.test(author);
}
