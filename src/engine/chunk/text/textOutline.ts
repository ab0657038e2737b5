import type { Language } from '../../workspace/language.ts';
import type { LineTable } from '../lineTable.ts';
import type { Outline } from '../outline.ts';
import { asciidocOutline, latexOutline, orgOutline } from './asciidocOutline.ts';
import { lineOutline } from './lineOutline.ts';
import { markdownOutline } from './markdownOutline.ts';
import { patternOutline } from './patternOutline.ts';
import { patternSyntaxes } from './patternSyntaxes.ts';
import { restructuredTextOutline } from './restructuredTextOutline.ts';
import { sqlOutline } from './sqlOutline.ts';

const readers: Readonly<Record<string, (lines: LineTable) => Outline>> = {
  asciidoc: asciidocOutline,
  latex: latexOutline,
  markdown: markdownOutline,
  org: orgOutline,
  restructuredtext: restructuredTextOutline,
  sql: sqlOutline,
};

/** Reads the structure of what needs no parser; what nothing is known about is cut by lines. */
export function textOutline(language: Language, lines: LineTable): Outline {
  if (Object.hasOwn(readers, language.id)) return readers[language.id]!(lines);
  if (Object.hasOwn(patternSyntaxes, language.id)) return patternOutline(lines, patternSyntaxes[language.id]!);
  return lineOutline(lines);
}
