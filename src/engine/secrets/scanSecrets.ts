import { assignedSecrets } from './assignedSecrets.ts';
import { keyFormats } from './keyFormats.ts';
import { isSensitivePath } from './secretFiles.ts';
import type { SecretFinding } from './secretFinding.ts';
import { isPlaceholder } from './secretValue.ts';

/** A URL with a password, such as a database's; the password is the group. */
const urlWithPassword = /\b[a-z][a-z0-9+.-]{1,20}:\/\/[^\s:/@'"<>`]{0,64}:([^\s@/'"<>`]{3,128})@[A-Za-z0-9.[{$%_-]/gi;
const privateKeyBegin = /-----BEGIN (?:[A-Z0-9]{1,12} ){0,3}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d/g;
const privateKeyEnd = /-----END [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [0-9a-f]+/g;
/** A marker that code merely speaks of has no key behind it. */
const longestLead = 2000;
const keyBody = /[A-Za-z0-9+/=]{40,}/;

function privateKeys(text: string): SecretFinding[] {
  const begins = [...text.matchAll(privateKeyBegin)].map(({ index }) => index);
  if (begins.length === 0) return [];
  const ends = [...text.matchAll(privateKeyEnd)].map((match) => match.index + match[0].length);
  const findings: SecretFinding[] = [];
  let next = 0;
  let behind = 0;
  for (const start of begins) {
    if (start < behind) continue;
    while (next < ends.length && ends[next]! <= start) next += 1;
    // Without an end it may go on to the end of the text.
    const end = ends[next] ?? text.length;
    if (!keyBody.test(text.slice(start, Math.min(end, start + longestLead)))) continue;
    findings.push({ rule: 'private-key', start, end });
    behind = end;
  }
  return findings;
}

function urlPasswords(text: string): SecretFinding[] {
  if (!text.includes('://')) return [];
  const findings: SecretFinding[] = [];
  for (const match of text.matchAll(urlWithPassword)) {
    if (isPlaceholder(match[1]!)) continue;
    findings.push({ rule: 'url-password', start: match.index, end: match.index + match[0].length });
  }
  return findings;
}

function knownKeys(text: string): SecretFinding[] {
  const findings: SecretFinding[] = [];
  let folded: string | undefined;
  for (const { name, hints, pattern } of keyFormats) {
    const searched = pattern.ignoreCase ? (folded ??= text.toLowerCase()) : text;
    if (!hints.some((hint) => searched.includes(hint))) continue;
    for (const match of text.matchAll(pattern)) {
      if (isRepeated(match[0])) continue;
      findings.push({ rule: name, start: match.index, end: match.index + match[0].length });
    }
  }
  return findings;
}

/** `ghp_xxxxxxxx…`: the form of a key, made of very few characters. */
function isRepeated(key: string): boolean {
  return new Set(key.slice(Math.min(10, key.length >> 1))).size < 6;
}

/**
 * Finds secrets in a text, in the order of their places. Time is linear in the text. What it finds and misses is described in
 * the README beside this file.
 */
export function findSecrets(text: string): SecretFinding[] {
  const found = [...privateKeys(text), ...knownKeys(text), ...urlPasswords(text), ...assignedSecrets(text)];
  return found.sort((a, b) => a.start - b.start || a.end - b.end);
}

/** True where a text may leave this machine: nothing in it looks like a secret. */
export function isFreeOfSecrets(text: string): boolean {
  return findSecrets(text).length === 0;
}

/**
 * Which chunks of one file must stay on this machine, by their place in `texts`. The texts are those of all chunks of the
 * file in their order, for a key may begin in one and end in another.
 */
export function withheldChunks(path: string, texts: readonly string[]): ReadonlySet<number> {
  if (isSensitivePath(path)) return new Set(texts.keys());
  const withheld = new Set<number>();
  const starts: number[] = [];
  let joined = '';
  for (const text of texts) {
    starts.push(joined.length);
    joined += `${text}\n`;
  }
  let first = 0;
  for (const { start, end } of findSecrets(joined)) {
    while (first < texts.length && starts[first]! + texts[first]!.length <= start) first += 1;
    for (let i = first; i < texts.length && starts[i]! < end; i += 1) withheld.add(i);
  }
  return withheld;
}
