import { compileGlob, toByteString } from './wildmatch.ts';

/** One line of an ignore file. Paths are byte strings relative to the folder of the file. */
export interface GitPattern {
  readonly negated: boolean;
  readonly directoryOnly: boolean;
  readonly matches: (path: string, basename: string) => boolean;
}

const special = /[*?[\\]/;

/** Parses an ignore file in the format of gitignore(5). `ignoreCase` follows git's `core.ignoreCase`. */
export function parseIgnoreFile(text: string, ignoreCase = false): GitPattern[] {
  const patterns: GitPattern[] = [];
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    const line = trimTrailingSpaces(raw.endsWith('\r') ? raw.slice(0, -1) : raw);
    if (line === '' || line.startsWith('#')) continue;
    const pattern = parsePattern(toByteString(ignoreCase ? line.toLowerCase() : line));
    if (pattern) patterns.push(pattern);
  }
  return patterns;
}

/** Trailing spaces fall away unless a backslash keeps them; tabs stay. */
function trimTrailingSpaces(line: string): string {
  let end = 0;
  for (let i = 0; i < line.length; i++) {
    if (line[i] === '\\') {
      i++;
      end = i + 1;
    } else if (line[i] !== ' ') end = i + 1;
  }
  return line.slice(0, Math.min(end, line.length));
}

function parsePattern(line: string): GitPattern | undefined {
  const negated = line.startsWith('!');
  let body = negated ? line.slice(1) : line;
  const directoryOnly = body.endsWith('/');
  if (directoryOnly) body = body.slice(0, -1);
  if (body === '') return undefined;
  const matches = body.includes('/') ? pathMatcher(body) : nameMatcher(body);
  return matches && { negated, directoryOnly, matches };
}

type PathTest = GitPattern['matches'];

/** A pattern without a slash looks at the last part of the path, at any depth. */
function nameMatcher(body: string): PathTest | undefined {
  if (!special.test(body)) return (_, name) => name === body;
  if (body.startsWith('*') && !special.test(body.slice(1))) {
    const ending = body.slice(1);
    return (_, name) => name.endsWith(ending);
  }
  const glob = compileGlob(body);
  return glob && ((_, name) => glob(name));
}

/**
 * A pattern with a slash is anchored to its folder. The part before the first wildcard is compared literally and the
 * glob sees only the rest: git does so too, and it matters, because `**` right behind that part counts as bounded.
 */
function pathMatcher(body: string): PathTest | undefined {
  const anchored = body.startsWith('/') ? body.slice(1) : body;
  const wildcard = anchored.search(special);
  if (wildcard === -1) return (path) => path === anchored;
  const prefix = anchored.slice(0, wildcard);
  const glob = compileGlob(anchored.slice(wildcard));
  return glob && ((path) => path.startsWith(prefix) && glob(path.slice(prefix.length)));
}
