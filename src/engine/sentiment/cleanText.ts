import type { MoodKind, MoodSkipReason } from '../../shared/sentiment.ts';
import {
  isBotAuthor,
  isMergeMessage,
  isRevertByForm,
  isVersionBump,
  maskCommitForm,
  maskRevert,
} from './commitParts.ts';
import { hasFeeling } from './emoticons.ts';
import { blank, maskBlobs, maskBlocks, maskInline } from './maskText.ts';
import { normalizeText, placeholder } from './normalizeText.ts';
import { isEnglish } from './textLanguage.ts';

/** Characters of a text that are looked at: a mood is told early, and what is longer is a log. */
const maxCharacters = 16 * 1024;
/** Characters that go to the tokenizer, which keeps fewer still. */
const maxNormalized = 4096;

export interface CleanText {
  /** As long as the text that was looked at; see `maskText.ts`. */
  readonly masked: string;
  /** What the model reads; empty where the text is skipped. */
  readonly normalized: string;
  readonly skipped?: MoodSkipReason;
}

/** Takes out of a text what says nothing of its author's mood, and tells when nothing is left or it is not a person's. */
export function cleanText(text: string, kind: MoodKind, author?: string): CleanText {
  // A lone half of a surrogate pair at the cut would not survive encoding.
  const seen = text.slice(0, maxCharacters).toWellFormed().replace(/\r\n?/g, '\n');
  const skip = (skipped: MoodSkipReason, masked = blank(seen)): CleanText => ({ masked, normalized: '', skipped });
  if (seen.trim() === '') return skip('empty');
  if (author !== undefined && isBotAuthor(author)) return skip('bot');
  if (kind === 'commit') {
    if (isMergeMessage(seen)) return skip('merge');
    if (isRevertByForm(seen)) return skip('revert');
    if (isVersionBump(seen)) return skip('template');
  }
  const masked = mask(seen, kind);
  const normalized = readable(masked);
  if (!/[\p{L}\p{N}]/u.test(masked.replaceAll(placeholder, '')) && !hasFeeling(masked)) {
    return skip(/[\p{L}\p{N}]/u.test(seen) ? 'codeOnly' : 'empty', masked);
  }
  if (!isEnglish(masked)) return skip('otherLanguage', masked);
  return { masked, normalized };
}

/** What the model reads of a masked text. */
export function readable(masked: string): string {
  return normalizeText(withoutOddQuote(masked)).slice(0, maxNormalized);
}

function mask(text: string, kind: MoodKind): string {
  // Blocks first: what is blanked in front of a subject would look like indentation.
  const sentences = maskBlocks(maskBlobs(text));
  return maskInline(kind === 'commit' ? maskCommitForm(maskRevert(sentences)) : sentences);
}

/** Exports cut from tables leave a closing quote behind. */
function withoutOddQuote(text: string): string {
  const quotes = text.split('"').length - 1;
  return quotes % 2 === 1 && text.trimEnd().endsWith('"') ? text.trimEnd().slice(0, -1) : text;
}
