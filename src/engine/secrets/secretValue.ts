/** What people write where a secret would stand. */
const placeholderWords =
  /^(?:.{0,12}(?:example|sample|dummy|fake|placeholder|changeme|change[_-]me|replace|insert|redacted|removed|hidden|todo|fixme|your[_-]?|my[_-]?(?:secret|token|password|key)|test(?:ing)?[_-]?(?:secret|token|password|key|value|user)|not[_-]?a?[_-]?(?:real|secret)|undefined|null|none|true|false).*|(?:user|pass|password|passwd|pwd|secret|token|key|string|text|value|foo|bar|baz|qux|test|abc|xyz|guest|root|admin|postgres|mysql|username|credentials?|hello|world)\d{0,4}|[*•x.#?_-]+|0+|1234\d*|(.)\1+)$/i;
const interpolation =
  /\$\{|\$\(|\$[A-Za-z_{]|\{\{|%[sdv({]|%[A-Z_]{2,}%|<%|<[A-Za-z_ -]+>|#\{|\\\(|\{[A-Za-z_][\w.]*\}|@[A-Za-z]+\(|\.\.\./;
const reference =
  /^(?:process\.env|os\.environ|env\.|ENV\[|import\.meta|System\.|config\.|settings\.|self\.|this\.|vault:|ssm:|secretsmanager|op:\/\/|arn:|file:|env:|!Ref|ref\+)/;

/** True for what stands in place of a secret, or refers to where it is kept. */
export function isPlaceholder(value: string): boolean {
  return placeholderWords.test(value) || interpolation.test(value) || reference.test(value);
}

/** Shannon entropy of the characters, in bits a character. */
function entropyOf(value: string): number {
  const counts = new Map<string, number>();
  for (const character of value) counts.set(character, (counts.get(character) ?? 0) + 1);
  let entropy = 0;
  for (const count of counts.values()) {
    const share = count / value.length;
    entropy -= share * Math.log2(share);
  }
  return entropy;
}

const tokenCharacters = /^[A-Za-z0-9+/=_.~:!@#$%^&*-]+$/;
const hexadecimal = /^(?:0x)?[0-9a-fA-F]+$/;
const words = /^[A-Za-z]+(?:[-_./: ][A-Za-z]+)*\d{0,4}$/;
const version = /^v?\d+(?:\.\d+)+/;
const place = /^(?:[a-z]+:\/\/|(?:[A-Z]:|[~.]{0,2})(?:[\\/][\w.@-]+)+[\\/]?$)/i;
const dateOrNumber = /^[\d.:,TZ+_-]+$/;
/** Calls, indexing and member access: code, not a value. */
const codeShape = /[()[\]{};]|\.[a-z]+[A-Z]|[a-z]\.[a-z]|->|::/;

const leastLength = 12;
const leastHex = 24;
/** By length, bits a character that random letters and digits have at least, nearly always. */
const leastEntropy = 3;

function digitRuns(value: string): number {
  return value.match(/\d+/g)?.length ?? 0;
}

function caseTurns(value: string): number {
  return value.match(/[a-z][A-Z]|[A-Z]{2}[a-z]/g)?.length ?? 0;
}

/** True for what a generator of keys makes, false for words, names, paths, numbers and code. */
export function looksRandom(value: string, quoted: boolean): boolean {
  if (value.length < leastLength || !tokenCharacters.test(value)) return false;
  if (words.test(value) || version.test(value) || place.test(value) || dateOrNumber.test(value)) return false;
  if (!quoted && codeShape.test(value)) return false;
  const entropy = entropyOf(value);
  if (hexadecimal.test(value)) return value.length >= leastHex && /\d/.test(value) && entropy >= 2.5;
  if (entropy < leastEntropy) return false;
  const runs = digitRuns(value);
  // Random letters of both cases change case in the middle of words that are none; names do so once a word.
  const mixed = runs + (value.length >= 20 && runs > 0 ? caseTurns(value) / 2 : 0);
  return mixed >= (quoted ? 2 : 3);
}

/** True for what a person would type as a password: two kinds of characters and no plain words. */
export function looksLikePassword(value: string): boolean {
  if (value.length < 6 || value.length > 128 || /\s/.test(value)) return false;
  if (words.test(value) && !/\d/.test(value)) return false;
  if (place.test(value) || version.test(value) || codeShape.test(value)) return false;
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^A-Za-z0-9]/].filter((kind) => kind.test(value)).length;
  return /\d|[!@#$%^&*+=?]/.test(value) && kinds >= 2;
}
