import { emoticonsToWords } from './emoticons.ts';
import { foldFeelingWords } from './feelingWords.ts';

/** Stands in masked text for what had a place in the sentence: code, a link, a name. */
export const placeholder = '\u0001';

/**
 * Raise this when cleaning or normalisation change what the model reads: moods stored before are stale, and the model has
 * to be trained on texts that were prepared the same way.
 */
export const textPreparationVersion = 3;

const identifier =
  /(?<![\w'])(?:[A-Za-z_$][\w$]*(?:(?:\.|::|->|#|\/)[A-Za-z_$][\w$]*)+(?:\(\))?|[A-Za-z_$][\w$]*\(\)|[a-z][a-z\d]*[A-Z]\w*|[A-Z][a-z\d]+[A-Z]\w*|\w*[A-Za-z\d]_\w+|_\w+)(?![\w'])/g;
const contractions: readonly (readonly [RegExp, string])[] = [
  [/\bcan['’]?t\b|\bcannot\b/g, 'can not'],
  [/\bwon['’]t\b/g, 'will not'],
  [/\b(do|does|did|is|are|was|were|has|have|had|would|could|should|need|must|ai)n['’]?t\b/g, '$1 not'],
  [/['’](?:s|re|ve|ll|d|m)\b/g, ' '],
];

/**
 * The form in which the model reads a text: one spelling a word, whatever its case and its place in the sentence, since a
 * small model that is trained on few texts cannot learn each spelling again. Identifiers become one word.
 */
export function normalizeText(text: string): string {
  let result = emoticonsToWords(text.normalize('NFC').replace(/[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/g, ''))
    .replace(new RegExp(`${placeholder}+`, 'g'), ' code ')
    // Options of commands: `-9`, `--force`.
    .replace(/(?<!\S)--?[A-Za-z\d][\w=-]*/g, ' code ')
    .replace(/(?<![\w*])(\*{1,3}|_{1,3})(?=\S)([^*_\n]{1,200}?)(?<=\S)\1(?![\w*])/g, ' $2 ')
    .replace(identifier, ' code ')
    .replace(/\b(?=[0-9a-f]*\d)[0-9a-f]{7,40}\b/gi, ' code ')
    .replace(/(?<![\w.])v?\d+(?:[.,]\d+)*(?![\w])/gi, ' 0 ')
    .toLowerCase()
    .replace(/[“”„«»]/g, '"')
    .replace(/[‘’]/g, "'");
  for (const [pattern, replacement] of contractions) result = result.replace(pattern, replacement);
  return foldFeelingWords(result.replace(/(\p{L})\1{2,}/gu, '$1$1'))
    .replace(/([!?.])[!?.]*(?:\1[!?.]*)+/g, ' $1$1 ')
    .replace(/[*_~`"<>[\](){}|=#\\^]+/g, ' ')
    .replace(/([!?.,;:/&%$@+])/g, ' $1 ')
    .replace(/([!?.]) {2}(?=\1)/g, '$1')
    .replace(/(?<!\w)['-]+|['-]+(?!\w)/g, ' ')
    .replace(/(?:\bcode\b[\s,./:]*){2,}/g, 'code ')
    .replace(/\s+/g, ' ')
    .replace(/^[\s,.;:/]+/, '')
    .trim();
}
