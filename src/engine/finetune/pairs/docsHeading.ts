import type { ChunkRow } from '../../store/searchIndex.ts';
import { pairFor, type MinedPair } from './minedPair.ts';
import type { PairWorkspace } from './pairWorkspace.ts';
import { identifierWords, plainText, shortened, withoutName, wordsOf } from './prose.ts';

/** Code in a sentence: `name`, `owner.name()`, ``name``, :class:`name`. */
const mention = /`+~?(?:[\p{L}\p{N}_$]+(?:\.|::|#|->))*([\p{L}_$][\p{L}\p{N}_$]*[!?]?)(?:\([^`\n]*\))?`+/gu;
const codeBlock = /^(?: {4}|\t).*$|```[\s\S]*?(?:```|$)/gm;
const fewestWords = 8;
/** Lists of changes name code without saying what it is for. */
const changeList =
  /(?:^|[/_.-])(?:change(?:s|log)?|history|news|releases?(?:[-_]notes)?|upgrad\w*|migrat\w*)(?:[/_.-]|$)/i;

/** Paragraphs and list items of a section, each on one line, code blocks left out. */
function paragraphsOf(text: string): string[] {
  return text
    .replaceAll(codeBlock, '')
    .split(/\n\s*\n|\n(?=\s*(?:[-*+]|\d+\.)\s)/)
    .map((paragraph) => paragraph.replaceAll(/\s+/g, ' ').trim())
    .filter((paragraph) => !/^[#=|]/.test(paragraph));
}

function* sentencesWithNames(text: string): Generator<{ readonly sentence: string; readonly name: string }> {
  for (const paragraph of paragraphsOf(text)) {
    for (const sentence of paragraph.split(/(?<=[.!?:])\s+(?=[\p{Lu}`])/u)) {
      for (const [, name] of sentence.matchAll(mention)) yield { sentence, name: name! };
    }
  }
}

const sayingNothing =
  /^(?:v?\d|\[|(?:overview|introduction|usage|examples?|notes?|api|reference|features?|changelog|added|changed|fixed|removed|deprecated|unreleased|other)\b)/i;

/** The last heading, unless it is the name itself or says nothing. */
function headingOf({ symbol }: ChunkRow, name: string): string {
  const heading = plainText(symbol.split(' > ').at(-1) ?? '');
  if (sayingNothing.test(heading)) return '';
  return heading.toLowerCase().includes(name.toLowerCase()) ? '' : heading;
}

/** A sentence of the documentation, under its heading, asks for the code that it names; the name is taken out. */
export function* docsHeadingPairs(workspace: PairWorkspace): Generator<MinedPair> {
  for (const section of workspace.docs) {
    if (changeList.test(section.path)) continue;
    for (const { sentence, name } of sentencesWithNames(section.text)) {
      if (identifierWords(name).length < 2) continue;
      const [chunk, ...others] = workspace.definitionsOf(name);
      if (chunk === undefined || others.length > 0) continue;
      const told = withoutName(plainText(sentence.replace(/^(?:[-*+]|\d+\.)\s+/, '')), name);
      if (wordsOf(told).length < fewestWords) continue;
      const heading = headingOf(section, name);
      const query = shortened(heading === '' ? told : `${heading}: ${told}`);
      yield pairFor(chunk, 'docs', query, { origin: { path: section.path, startLine: section.startLine } });
    }
  }
}
