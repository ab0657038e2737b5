import { codeTokens } from '../text/codeTokens.ts';
import { rolesAskedFor, type FileRole } from './fileRoles.ts';
import { isStopWord } from './stopWords.ts';

export type QueryKind = 'identifier' | 'path' | 'question' | 'error' | 'code';

/** What a query asks for, decided by its features alone. */
export interface QueryProfile {
  readonly kind: QueryKind;
  /** Distinct index terms, the words that carry no meaning left out unless there are no others. */
  readonly terms: readonly string[];
  /** Neighbouring words joined, as identifiers join them: `body proxy` is `BodyProxy` in the code. */
  readonly compounds: readonly string[];
  /** Names written as code writes them; of qualified ones the last part. */
  readonly identifiers: readonly string[];
  /** Kinds of files the query names, so that they are not penalised. */
  readonly wants: ReadonlySet<FileRole>;
}

/** A long snippet is searched by its first words: BM25 over more gains nothing and costs time. */
const mostTerms = 96;
const mostCompounds = 24;
const mostIdentifiers = 8;

const word = /[\p{L}\p{N}_]+/gu;
const looksQualified = /^[\p{L}_$][\p{L}\p{N}_$]*(?:(?:::|\.|#|->|\/)[\p{L}_$][\p{L}\p{N}_$!?]*)+$/u;
const looksLikeIdentifier = /^[\p{L}_$][\p{L}\p{N}_$]*[!?]?$/u;
const mixedCase = /\p{Ll}\p{Lu}|\p{Lu}\p{Lu}\p{Ll}|\p{L}_\p{L}|\p{L}\p{N}+\p{Lu}/u;
const fileName =
  /(?:^|\/)[\w.+-]+\.(?:[cm]?[jt]sx?|py|rs|go|java|kts?|cc?|cpp|cxx|hh?|hpp|cs|rb|php|swift|scala|lua|exs?|hs|zig|sh|bash|sql|dart|html?|css|json|ya?ml|toml|md|rst|txt)$/i;
const codePunctuation = /[{}();=<>[\]]/g;
const errorWords =
  /\b(?:\w+(?:Error|Exception)\b|error:|panicked|panic:|traceback|fatal:|segmentation fault|undefined reference|cannot (?:find|read|resolve|open|import)|failed to|is not (?:a function|defined|assignable)|E\d{4}\b)/i;
const asks = /^(?:how|where|what|which|who|why|when|find|show|list)\b/i;

function stripMarks(token: string): string {
  return token.replace(/^[`'"(<[]+|[`'"()>\],.:;?]+$/g, '');
}

function lastPart(token: string): string {
  return token.split(/::|\.|#|->|\//).at(-1) ?? token;
}

function looksLikeCode(text: string, words: number): boolean {
  const marks = text.match(codePunctuation)?.length ?? 0;
  const share = marks / text.length;
  return marks > 2 && ((text.includes('\n') && share > 0.02) || (words > 2 && share > 0.06));
}

function kindOf(text: string, tokens: readonly string[]): QueryKind {
  if (looksLikeCode(text, tokens.length)) return 'code';
  if (tokens.length === 1) {
    const token = stripMarks(tokens[0]!);
    if (fileName.test(token) || (token.includes('/') && !token.startsWith('/'))) return 'path';
    return 'identifier';
  }
  if (errorWords.test(text) && !asks.test(text)) return 'error';
  const names = tokens.filter((token) => isName(stripMarks(token)));
  return names.length === tokens.length ? 'identifier' : 'question';
}

function isName(token: string): boolean {
  return (looksLikeIdentifier.test(token) && mixedCase.test(token)) || (token.length > 2 && looksQualified.test(token));
}

function identifiersOf(kind: QueryKind, tokens: readonly string[]): string[] {
  const names = new Set<string>();
  for (const [index, raw] of tokens.entries()) {
    const token = stripMarks(raw).replace(/\(.*$/, '');
    const quoted = raw.startsWith('`');
    const capitalised = index > 0 && /^\p{Lu}\p{Ll}+$/u.test(token);
    const alone = kind === 'identifier' && looksLikeIdentifier.test(token);
    if (quoted || capitalised || alone || isName(token)) names.add(lastPart(token));
  }
  return [...names].filter((name) => name.length > 1).slice(0, mostIdentifiers);
}

function compoundsOf(text: string): string[] {
  const words = (text.match(word) ?? []).filter((item) => !isStopWord(item.toLowerCase()));
  const joined = new Set<string>();
  for (let size = 2; size <= 3; size++) {
    for (let start = 0; start + size <= words.length; start++) {
      const term = codeTokens(words.slice(start, start + size).join('-')).at(-1);
      if (term !== undefined) joined.add(term);
    }
  }
  return [...joined].slice(0, mostCompounds);
}

function contentTerms(text: string): string[] {
  const plain = text.split(/\s+/).filter((item) => !isStopWord(stripMarks(item).toLowerCase()));
  const terms = new Set(codeTokens(plain.join(' ')));
  return [...(terms.size > 0 ? terms : new Set(codeTokens(text)))].slice(0, mostTerms);
}

/** Reads a query; `text` is trimmed and not empty. */
export function profileQuery(text: string): QueryProfile {
  const tokens = text.split(/\s+/).filter((token) => token !== '');
  const kind = kindOf(text, tokens);
  const terms = contentTerms(text);
  const known = new Set(terms);
  return {
    kind,
    terms,
    compounds: kind === 'code' ? [] : compoundsOf(text).filter((term) => !known.has(term)),
    identifiers: kind === 'code' ? [] : identifiersOf(kind, tokens),
    wants: rolesAskedFor(text),
  };
}
