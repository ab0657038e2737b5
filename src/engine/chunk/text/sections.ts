import type { FileSymbol } from '../chunk.ts';
import type { LineTable } from '../lineTable.ts';
import type { Definition, Outline } from '../outline.ts';
import { indentationBorders } from './lineOutline.ts';

/** A heading found in a document. */
export interface Heading {
  /** 0-based line at which its section begins: that of the heading, or of a frame above it. */
  readonly line: number;
  /** 1 is the outermost. */
  readonly level: number;
  readonly title: string;
}

/** Builds the tree of sections of a document from its headings; a section's symbol is its heading path. */
export function sectionOutline(headings: readonly Heading[], lines: LineTable, borders?: Uint16Array): Outline {
  const definitions: Definition[] = [];
  const symbols: FileSymbol[] = [];
  const open: { definition: Definition; level: number }[] = [];
  const closeUntil = (level: number, line: number): void => {
    while (open.length > 0 && open.at(-1)!.level >= level) open.pop()!.definition.endLine = line;
  };
  for (const { line, level, title } of headings) {
    closeUntil(level, line);
    const parent = open.at(-1)?.definition;
    const definition: Definition = {
      kind: 'section',
      name: title,
      symbol: parent ? `${parent.symbol} > ${title}` : title,
      signature: '',
      doc: '',
      startLine: line,
      endLine: lines.count,
      children: [],
    };
    (parent?.children ?? definitions).push(definition);
    symbols.push({ name: title, kind: 'section', line: line + 1 });
    open.push({ definition, level });
  }
  closeUntil(0, lines.count);
  return { definitions, symbols, borders: borders ?? indentationBorders(lines) };
}
