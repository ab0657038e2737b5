import type { SecretFinding } from './secretFinding.ts';
import { isPlaceholder, looksRandom, looksLikePassword } from './secretValue.ts';

/** Words in the name of something that holds a secret. */
const nameWord =
  /passw(?:or)?d|passphrase|passwd|\bpwd\b|_pwd\b|\bpwd_|secret|token(?!i[sz])|api[_-]?key|access[_-]?key|account[_-]?key|auth[_-]?key|private[_-]?key|signing[_-]?key|encryption[_-]?key|master[_-]?key|session[_-]?key|shared[_-]?key|license[_-]?key|deploy[_-]?key|credential|client[_-]?key|_auth\b|hmac[_-]?key|sign[_-]?key|crypt[_-]?key|salt\b/gi;
const passwordWord = /passw|pwd|passphrase/i;
const restOfName = /[A-Za-z0-9_.\-[\]]/;
const bareEnd = /[\s,;)}\]'"`<>]/;
const quotes = new Set(['"', "'", '`']);

/** What stands before and behind a setting that needs no quotes: in a file of settings nothing, in prose a backtick. */
const settingName = /^\s*(?:(?:export|set|ENV|ARG|-)\s+)?["']?[A-Za-z0-9_.-]*$|`[A-Za-z0-9_.-]*$/;
const settingEnd = /^\s*(?:[;#].*|<\/.*)?$|^`/;

/** Longest distance that is looked at behind the word, and longest value. */
const longestRest = 40;
const longestSpace = 8;
const longestValue = 512;

interface Value {
  readonly start: number;
  readonly end: number;
  readonly quoted: boolean;
}

function skip(text: string, from: number, most: number, accepts: (character: string) => boolean): number {
  let at = from;
  while (at < text.length && at - from < most && accepts(text[at]!)) at += 1;
  return at;
}

const isSpace = (character: string): boolean => character === ' ' || character === '\t';

/** Where the sign between name and value ends; undefined where there is none. */
function behindSign(text: string, from: number): number | undefined {
  for (const sign of [':=', '=>', '?=', '=', ':', ',']) {
    if (!text.startsWith(sign, from)) continue;
    // A comparison gives the value away as an assignment does.
    const at = from + sign.length;
    return sign === '=' || sign === ':' ? skip(text, at, 2, (character) => character === '=') : at;
  }
  if (text.startsWith('!==', from)) return from + 3;
  return text.startsWith('!=', from) ? from + 2 : undefined;
}

/** A type between name and value, as in `apiKey: string = "…"`. */
const annotation = /(?:string|str|String|&str|&'static str|const char ?\*|char\[\]|text)\s{0,4}=\s{0,4}/y;
/** What stands before the quote in several languages and in XML: `@"…"`, `b'…'`, `value="…"`. */
const prefixOfQuote =
  /(?:@|b|r|u|f|rb|\$|L|(?:value|default)\s?=\s?|String\(|Buffer\.from\(|Some\(|to_owned\()(?=["'`])/y;

function valueAt(text: string, nameEnd: number): Value | undefined {
  let at = skip(text, nameEnd, longestRest, (character) => restOfName.test(character));
  if (quotes.has(text[at] ?? '')) at += 1;
  if (text[at] === ')') at += 1;
  at = skip(text, at, longestSpace, isSpace);
  const sign = behindSign(text, at);
  if (sign === undefined) {
    // <password>hunter2</password> and --token VALUE.
    if (text[at] === '>') return bareValue(text, at + 1);
    return at > nameEnd && isSpace(text[at - 1]!) ? quotedValue(text, at) : undefined;
  }
  at = skip(text, sign, longestSpace, isSpace);
  for (const ahead of [annotation, prefixOfQuote]) {
    ahead.lastIndex = at;
    if (ahead.test(text)) at = ahead.lastIndex;
  }
  return quotes.has(text[at] ?? '') ? quotedValue(text, at) : bareValue(text, at);
}

function quotedValue(text: string, at: number): Value | undefined {
  const quote = text[at]!;
  if (!quotes.has(quote)) return undefined;
  const start = at + 1;
  const end = skip(text, start, longestValue, (character) => character !== quote && character !== '\n');
  return { start, end, quoted: true };
}

function bareValue(text: string, start: number): Value {
  const end = skip(text, start, longestValue, (character) => !bareEnd.test(character));
  return { start, end, quoted: false };
}

/** Values that are assigned to, or compared with, something whose name says that it is secret. */
export function assignedSecrets(text: string): SecretFinding[] {
  const findings: SecretFinding[] = [];
  nameWord.lastIndex = 0;
  for (let match = nameWord.exec(text); match !== null; match = nameWord.exec(text)) {
    const found = valueAt(text, match.index + match[0].length);
    if (found === undefined || found.end === found.start) continue;
    const value = text.slice(found.start, found.end);
    if (isPlaceholder(value)) continue;
    const isPassword = passwordWord.test(match[0]) && isTypedPassword(text, match.index, found, value);
    if (!isPassword && !looksRandom(value, found.quoted)) continue;
    findings.push({ rule: isPassword ? 'assigned-password' : 'assigned-secret', start: found.start, end: found.end });
    nameWord.lastIndex = Math.max(nameWord.lastIndex, found.end);
  }
  return findings;
}

/** Bare values are passwords only where the line is one of a file of settings: nothing before the name, nothing behind the value. */
function isTypedPassword(text: string, nameAt: number, { start, end, quoted }: Value, value: string): boolean {
  if (!looksLikePassword(value)) return false;
  if (quoted) return true;
  // Cut first, then look for the ends of the line: a line may be as long as the text.
  const before = text
    .slice(Math.max(0, nameAt - longestRest), nameAt)
    .split('\n')
    .at(-1)!;
  const behind = text.slice(end, end + longestRest).split('\n')[0]!;
  if (!settingName.test(before) || !settingEnd.test(behind)) return false;
  const name = before + text.slice(nameAt, start);
  return name === name.toUpperCase() || /[!@#$%^&*+=?~]/.test(value) || /[a-z]/.test(value) === /[A-Z]/.test(value);
}
