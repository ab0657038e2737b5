import { isStopWord } from '../../search/stopWords.ts';

/** Where the description ends and parameters, sections or examples begin, in the dialects of common languages. */
const detailStart =
  /^\s*(?:@(?!link|code)\w+|:(?:param|returns?|raises?|type|rtype|arg)\b|(?:Args|Arguments|Params|Parameters|Returns?|Raises|Yields|Examples?|Usage|Notes?|See [Aa]lso|Attributes|Throws|TODO|Options|Deprecated|Safety|Panics|Errors)\s*:?\s*$|#{1,6}\s|>>>|```|\.\. |-{3,}|={3,}|\\(?:param|return|brief\s*$))/;
const longestQuery = 240;
const fewestWords = 4;

/** Words of a text, marks left out; `it's` is one word. */
export function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}_][\p{L}\p{N}_'’-]*/gu) ?? [];
}

/** The text without Markdown, HTML, Javadoc, Doxygen and reStructuredText markup, links and addresses, on one line. */
export function plainText(text: string): string {
  return text
    .replaceAll(/\{@\w+\s+([^}]*)\}/g, (_all, inner: string) => inner.split(/\s+/).at(-1) ?? '')
    .replaceAll(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replaceAll(/\[([^\]]+)\]\[?\]?/g, '$1')
    .replaceAll(/:\w+:`~?([^`<]*)[^`]*`/g, '$1')
    .replaceAll(/<\/?[a-zA-Z][^<>]*>/g, ' ')
    .replaceAll(/\bhttps?:\/\/\S+/g, ' ')
    .replaceAll(/[\\@](?:brief|short|ref|c|p)\s/g, ' ')
    .replaceAll(/[`*]+|\b_+|_+\b/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
}

/** What a doc comment says in its first sentence or two; empty when that is no prose. */
export function firstSentence(doc: string): string {
  const lines = doc.split('\n');
  const end = lines.findIndex((line, index) => detailStart.test(line) || (index > 0 && line.trim() === ''));
  const described = plainText(lines.slice(0, end === -1 ? undefined : end).join('\n'));
  const sentences = described.split(/(?<=[.!?])\s+(?=[\p{Lu}`"(])/u);
  let text = '';
  for (const sentence of sentences) {
    text = text === '' ? sentence : `${text} ${sentence}`;
    if (wordsOf(text).length >= fewestWords) break;
  }
  return shortened(text);
}

/** Cut at a word; a query longer than this is none that anybody types. */
export function shortened(text: string): string {
  if (text.length <= longestQuery) return text;
  const cut = text.slice(0, longestQuery).toWellFormed().replaceAll('\uFFFD', '');
  return cut.slice(0, Math.max(cut.lastIndexOf(' '), longestQuery / 2)).trim();
}

/** Words that carry meaning, lower-case. */
export function contentWords(text: string): string[] {
  return wordsOf(text)
    .map((word) => word.toLowerCase())
    .filter((word) => !isStopWord(word));
}

/** The words of an identifier, lower-case, digits kept with the word before them: `parseHTTPHeader2` gives parse http header2. */
export function identifierWords(name: string): string[] {
  return (name.match(/\p{Lu}+(?!\p{Ll})\p{N}*|\p{Lu}?\p{Ll}+\p{N}*|\p{Lo}+|\p{N}+/gu) ?? []).map((word) =>
    word.toLowerCase(),
  );
}

function wholeName(name: string, qualified = false): RegExp {
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const qualifier = qualified ? String.raw`(?:[\p{L}\p{N}_$]+(?:\.|::|#|->))*` : '';
  const called = qualified ? String.raw`(?:\([^()\n]*\))?` : '';
  return new RegExp(String.raw`(?<![\p{L}\p{N}_$])${qualifier}${escaped}(?![\p{L}\p{N}_$])${called}`, 'gu');
}

/** Takes an identifier out of prose, with what qualifies it and what it is called with; where it was the first word, as Go wants it, the verb leads. */
export function withoutName(text: string, name: string): string {
  if (name === '') return text;
  return text
    .replaceAll(wholeName(name, true), ' ')
    .replaceAll(/\s+([,.;:])/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[\s,.;:–—-]+/u, '')
    .trim();
}

/** The code with a name made unrecognisable. */
export function masked(code: string, name: string): string {
  return name === '' ? code : code.replaceAll(wholeName(name), 'f');
}
