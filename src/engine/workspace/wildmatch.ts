/**
 * Git's glob dialect (`wildmatch` with `WM_PATHNAME`, documented in gitignore(5)), compiled once and matched by running
 * all alternatives side by side, so that a hostile pattern costs pattern × path and never more.
 *
 * Strings are "byte strings", one character a byte of UTF-8 (see {@link toByteString}), because git's `?` is one byte.
 */
export type Glob = (text: string) => boolean;

type Token =
  | { readonly type: 'char'; readonly code: number }
  | { readonly type: 'set'; readonly matches: (code: number) => boolean }
  | { readonly type: 'star' }
  | { readonly type: 'globstar' }
  /** `**` + `/`: nothing at all, or anything up to a slash. The loop state follows it as its own token. */
  | { readonly type: 'folders' }
  | { readonly type: 'foldersLoop' };

const slash = 47;

/** The UTF-8 bytes of a string as characters 0–255; ASCII strings come back as they are. */
export function toByteString(text: string): string {
  // eslint-disable-next-line no-control-regex -- the whole ASCII range is meant
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** Compiles a pattern; `undefined` where git says that it can never match, such as an unclosed bracket. */
export function compileGlob(pattern: string): Glob | undefined {
  const tokens = tokenize(pattern);
  return tokens && ((text) => run(tokens, text));
}

function tokenize(pattern: string): Token[] | undefined {
  const tokens: Token[] = [];
  let at = 0;
  while (at < pattern.length) {
    const char = pattern[at]!;
    if (char === '\\') {
      if (at + 1 >= pattern.length) return undefined;
      tokens.push({ type: 'char', code: pattern.charCodeAt(at + 1) });
      at += 2;
    } else if (char === '?') {
      tokens.push({ type: 'set', matches: (code) => code !== slash });
      at++;
    } else if (char === '[') {
      const set = parseSet(pattern, at);
      if (!set) return undefined;
      tokens.push({ type: 'set', matches: set.matches });
      at = set.end;
    } else if (char === '*') {
      at = pushStars(pattern, at, tokens);
    } else {
      tokens.push({ type: 'char', code: pattern.charCodeAt(at) });
      at++;
    }
  }
  return tokens;
}

/** `**` is special only between slashes or ends; any other run of stars is one star. */
function pushStars(pattern: string, start: number, tokens: Token[]): number {
  let end = start;
  while (pattern[end] === '*') end++;
  const bounded =
    (start === 0 || pattern[start - 1] === '/') &&
    (end === pattern.length || pattern[end] === '/' || pattern.startsWith('\\/', end));
  if (end - start < 2 || !bounded) {
    tokens.push({ type: 'star' });
    return end;
  }
  if (pattern[end] === '/') {
    tokens.push({ type: 'folders' }, { type: 'foldersLoop' });
    return end + 1;
  }
  tokens.push({ type: 'globstar' });
  return end;
}

const classes: Readonly<Record<string, (code: number) => boolean>> = {
  alnum: (c) => isDigit(c) || isAlpha(c),
  alpha: isAlpha,
  blank: (c) => c === 32 || c === 9,
  cntrl: (c) => c < 32 || c === 127,
  digit: isDigit,
  graph: (c) => c > 32 && c < 127,
  lower: (c) => c >= 97 && c <= 122,
  print: (c) => c >= 32 && c < 127,
  punct: (c) => c > 32 && c < 127 && !isDigit(c) && !isAlpha(c),
  space: (c) => c === 32 || (c >= 9 && c <= 13),
  upper: (c) => c >= 65 && c <= 90,
  xdigit: (c) => isDigit(c) || (c >= 65 && c <= 70) || (c >= 97 && c <= 102),
};

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}
function isAlpha(code: number): boolean {
  return (code >= 65 && code <= 90) || (code >= 97 && code <= 122);
}

function parseSet(
  pattern: string,
  open: number,
): { readonly matches: (code: number) => boolean; readonly end: number } | undefined {
  let at = open + 1;
  const negated = pattern[at] === '!' || pattern[at] === '^';
  if (negated) at++;
  const tests: ((code: number) => boolean)[] = [];
  let previous: number | undefined;
  // A `]` in first place is an ordinary member, hence the do-while.
  do {
    const member = parseMember(pattern, at, previous);
    if (!member) return undefined;
    tests.push(member.matches);
    previous = member.last;
    at = member.end;
  } while (pattern[at] !== ']');
  return {
    matches: (code) => code !== slash && tests.some((test) => test(code)) !== negated,
    end: at + 1,
  };
}

interface Member {
  readonly matches: (code: number) => boolean;
  /** The character a following `-` would start a range from. */
  readonly last: number | undefined;
  readonly end: number;
}

function parseMember(pattern: string, start: number, previous: number | undefined): Member | undefined {
  let at = start;
  const char = pattern[at];
  if (char === undefined) return undefined;
  const next = pattern[at + 1];
  if (char === '-' && previous !== undefined && next !== undefined && next !== ']') {
    at += next === '\\' ? 2 : 1;
    if (at >= pattern.length) return undefined;
    const to = pattern.charCodeAt(at);
    return { matches: (code) => code >= previous && code <= to, last: undefined, end: at + 1 };
  }
  if (char === '[' && next === ':') {
    const close = pattern.indexOf(']', at + 2);
    if (close === -1) return undefined;
    if (close > at + 2 && pattern[close - 1] === ':') {
      const matches = classes[pattern.slice(at + 2, close - 1)];
      return matches && { matches, last: undefined, end: close + 1 };
    }
  } else if (char === '\\') {
    at++;
    if (at >= pattern.length) return undefined;
  }
  const literal = pattern.charCodeAt(at);
  return { matches: (code) => code === literal, last: literal, end: at + 1 };
}

function run(tokens: readonly Token[], text: string): boolean {
  let current = new Uint8Array(tokens.length + 1);
  let next = new Uint8Array(tokens.length + 1);
  enter(tokens, current, 0);
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    next.fill(0);
    let alive = false;
    for (let state = 0; state < tokens.length; state++) {
      if (current[state] === 1 && step(tokens, next, state, code)) alive = true;
    }
    if (!alive) return false;
    [current, next] = [next, current];
  }
  return current[tokens.length] === 1;
}

/** Activates a state and all states reachable from it without reading a character. */
function enter(tokens: readonly Token[], states: Uint8Array, start: number): void {
  let state = start;
  while (states[state] !== 1) {
    states[state] = 1;
    const type = tokens[state]?.type;
    if (type === 'star' || type === 'globstar') state++;
    else if (type === 'folders') {
      states[state + 1] = 1;
      state += 2;
    } else return;
  }
}

function step(tokens: readonly Token[], next: Uint8Array, state: number, code: number): boolean {
  const token = tokens[state]!;
  switch (token.type) {
    case 'char':
      if (token.code !== code) return false;
      enter(tokens, next, state + 1);
      return true;
    case 'set':
      if (!token.matches(code)) return false;
      enter(tokens, next, state + 1);
      return true;
    case 'star':
      if (code === slash) return false;
      enter(tokens, next, state);
      return true;
    case 'globstar':
      enter(tokens, next, state);
      return true;
    case 'folders':
      return false;
    case 'foldersLoop':
      next[state] = 1;
      if (code === slash) enter(tokens, next, state + 1);
      return true;
  }
}
