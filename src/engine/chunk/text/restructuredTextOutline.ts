import type { LineTable } from '../lineTable.ts';
import type { Outline } from '../outline.ts';
import { sectionOutline, type Heading } from './sections.ts';

const rule = /^([!-/:-@[-`{-~])\1{2,}\s*$/;
const longestHeading = 200;

/** reStructuredText by section: a title is a line with a rule below it, or above and below; levels go by first use. */
export function restructuredTextOutline(lines: LineTable): Outline {
  const headings: Heading[] = [];
  const styles: string[] = [];
  for (let line = 0; line + 1 < lines.count; line++) {
    const overline = ruleOf(lines, line);
    const titleLine = overline === undefined ? line : line + 1;
    const underline = titleLine + 1 < lines.count ? ruleOf(lines, titleLine + 1) : undefined;
    if (underline === undefined || !isTitle(lines, titleLine)) continue;
    if (overline !== undefined && overline[0] !== underline[0]) continue;
    const title = lines.line(titleLine).trim();
    if (underline.length < Math.min(title.length, 4)) continue;
    const style = `${overline === undefined ? '' : 'over'}${underline[0]!}`;
    if (!styles.includes(style)) styles.push(style);
    headings.push({ line, level: styles.indexOf(style) + 1, title: plainTitle(title) });
    line = titleLine + 1;
  }
  return sectionOutline(headings, lines);
}

function ruleOf(lines: LineTable, line: number): string | undefined {
  const text = lines.line(line);
  return text.length <= longestHeading && rule.test(text) ? text.trim() : undefined;
}

function isTitle(lines: LineTable, line: number): boolean {
  const text = lines.line(line);
  if (text.length > longestHeading || lines.isBlank(line) || rule.test(text)) return false;
  if (/^\s/.test(text) && ruleOf(lines, Math.max(line - 1, 0)) === undefined) return false;
  return line === 0 || lines.isBlank(line - 1) || ruleOf(lines, line - 1) !== undefined;
}

/** Without roles and literal marks. */
function plainTitle(text: string): string {
  return text
    .replace(/:[\w:-]+:`([^`<]*)[^`]*`/g, '$1')
    .replace(/``?|\*\*?/g, '')
    .trim();
}
