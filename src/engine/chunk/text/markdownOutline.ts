import type { LineTable } from '../lineTable.ts';
import { noBorder, type Outline } from '../outline.ts';
import { indentationBorders } from './lineOutline.ts';
import { sectionOutline, type Heading } from './sections.ts';

const fenceMark = /^ {0,3}(`{3,}|~{3,})/;
const atxHeading = /^ {0,3}(#{1,6})(?:[ \t]+(.*?))?(?:[ \t]+#+)?[ \t]*$/;
const underline = /^ {0,3}(=+|-+)[ \t]*$/;
/** Longer lines are no headings, whatever they begin with. */
const longestHeading = 400;
/** What cannot be the text of a heading underlined with `---`: lists, quotes, tables, rules, code. */
const notParagraph = /^ {0,3}(?:[-*+] |\d+[.)] |>|\||#|<|$)|^ {4}|^\t/;

/** Markdown by heading; headings inside fenced code are code, and front matter is left in the first chunk's way. */
export function markdownOutline(lines: LineTable): Outline {
  const headings: Heading[] = [];
  const borders = indentationBorders(lines);
  let fence = '';
  for (let line = frontMatterEnd(lines); line < lines.count; line++) {
    const text = lines.line(line);
    const mark = fenceMark.exec(text)?.[1];
    if (fence !== '') {
      borders[line] = noBorder;
      if (mark?.startsWith(fence) && text.trim() === mark) fence = '';
      continue;
    }
    if (mark !== undefined) {
      fence = mark;
      if (!lines.isBlank(Math.max(line - 1, 0))) borders[line] = noBorder;
      continue;
    }
    const heading = readHeading(lines, line, text);
    if (heading) headings.push(heading);
  }
  return sectionOutline(headings, lines, borders);
}

function readHeading(lines: LineTable, line: number, text: string): Heading | undefined {
  if (text.length > longestHeading) return undefined;
  const atx = atxHeading.exec(text);
  if (atx) return { line, level: atx[1]!.length, title: plainTitle(atx[2] ?? '') };
  if (line + 1 >= lines.count || notParagraph.test(text)) return undefined;
  const mark = underline.exec(lines.line(line + 1))?.[1];
  if (mark === undefined || (line > 0 && !lines.isBlank(line - 1) && mark.startsWith('-'))) return undefined;
  return { line, level: mark.startsWith('=') ? 1 : 2, title: plainTitle(text) };
}

/** Without the marks of links, emphasis, code and attributes. */
function plainTitle(text: string): string {
  return text
    .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
    .replace(/\s*\{#?[^}]*\}\s*$/, '')
    .replace(/<[^>]*>/g, '')
    .replace(/[`*]|(?<!\w)_+|_+(?!\w)/g, '')
    .trim();
}

/** The line after YAML or TOML front matter; 0 when there is none. */
function frontMatterEnd(lines: LineTable): number {
  const first = lines.line(0).trimEnd();
  if (first !== '---' && first !== '+++') return 0;
  for (let line = 1; line < Math.min(lines.count, 200); line++) {
    if (lines.line(line).trimEnd() === first) return line + 1;
  }
  return 0;
}
