import type { Language } from '../../workspace/language.ts';
import type { LineTable } from '../lineTable.ts';
import type { Outline } from '../outline.ts';
import { lineOutline } from './lineOutline.ts';
import { markdownOutline } from './markdownOutline.ts';

/** Reads the structure of languages that need no parser. */
const readers: Readonly<Record<string, (lines: LineTable) => Outline>> = {
  markdown: markdownOutline,
};

export function textOutline(language: Language, lines: LineTable): Outline {
  const reader = Object.hasOwn(readers, language.id) ? readers[language.id] : undefined;
  return (reader ?? lineOutline)(lines);
}
