import type { LineTable } from '../lineTable.ts';
import { noBorder, type Outline } from '../outline.ts';

/** Text of unknown structure: cut at blank lines and where the indentation is least. */
export function lineOutline(lines: LineTable): Outline {
  return { definitions: [], symbols: [], borders: indentationBorders(lines) };
}

/** Lines after a blank one are better borders than others, and outer ones better than inner ones. */
export function indentationBorders(lines: LineTable): Uint16Array {
  const borders = new Uint16Array(lines.count).fill(noBorder);
  for (let line = 0; line < lines.count; line++) {
    if (lines.isBlank(line)) continue;
    const afterBlank = line > 0 && lines.isBlank(line - 1);
    borders[line] = Math.min(indentOf(lines, line), 30) + (afterBlank ? 0 : 6);
  }
  return borders;
}

function indentOf(lines: LineTable, line: number): number {
  let indent = 0;
  for (let at = lines.start(line); at < lines.end(line) && indent < 60; at++) {
    const code = lines.text.charCodeAt(at);
    if (code === 32) indent++;
    else if (code === 9) indent += 4;
    else break;
  }
  return indent >> 1;
}
