import type { LineTable } from '../lineTable.ts';
import { noBorder, type Outline } from '../outline.ts';
import { indentationBorders } from './lineOutline.ts';
import { sectionOutline, type Heading } from './sections.ts';

const heading = /^(={1,6})[ \t]+(\S.{0,300}?)\s*$/;
const orgHeading = /^(\*{1,8})[ \t]+(\S.{0,300}?)\s*$/;
const delimiter = /^(-{4,}|\.{4,}|\+{4,}|={4,}|_{4,}|\*{4,}|\/{4,}|```)\s*$/;
const orgBlock = /^\s*#\+(begin|end)_/i;

/** AsciiDoc by `=` headings; delimited blocks are taken as they are. */
export function asciidocOutline(lines: LineTable): Outline {
  const headings: Heading[] = [];
  const borders = indentationBorders(lines);
  let block = '';
  for (let line = 0; line < lines.count; line++) {
    const text = lines.line(line);
    const mark = text.length < 200 ? delimiter.exec(text)?.[1] : undefined;
    if (block !== '') {
      borders[line] = noBorder;
      if (mark === block) block = '';
    } else if (mark !== undefined) block = mark;
    else {
      const match = text.length < 400 ? heading.exec(text) : null;
      if (match) headings.push({ line, level: match[1]!.length, title: match[2]! });
    }
  }
  return sectionOutline(headings, lines, borders);
}

/** Org mode by `*` headings, keywords and tags left out. */
export function orgOutline(lines: LineTable): Outline {
  const headings: Heading[] = [];
  const borders = indentationBorders(lines);
  let inBlock = false;
  for (let line = 0; line < lines.count; line++) {
    const text = lines.line(line).slice(0, 400);
    const block = orgBlock.exec(text)?.[1]?.toLowerCase();
    if (block !== undefined) inBlock = block === 'begin';
    if (inBlock) {
      borders[line] = noBorder;
      continue;
    }
    const match = orgHeading.exec(text);
    if (!match) continue;
    const title = match[2]!.replace(/^(?:TODO|DONE)\s+/, '').replace(/\s+:[\w@:]+:$/, '');
    headings.push({ line, level: match[1]!.length, title });
  }
  return sectionOutline(headings, lines, borders);
}

const latexHeading =
  /^\s*\\(part|chapter|section|subsection|subsubsection|paragraph)\*?\s*(?:\[[^\]]*\])?\{(.{1,300}?)\}/;
const latexLevels = ['part', 'chapter', 'section', 'subsection', 'subsubsection', 'paragraph'];

/** LaTeX by sectioning commands. */
export function latexOutline(lines: LineTable): Outline {
  const headings: Heading[] = [];
  for (let line = 0; line < lines.count; line++) {
    const match = latexHeading.exec(lines.line(line).slice(0, 400));
    if (match) headings.push({ line, level: latexLevels.indexOf(match[1]!) + 1, title: match[2]! });
  }
  return sectionOutline(headings, lines);
}
