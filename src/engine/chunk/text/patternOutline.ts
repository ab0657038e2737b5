import type { SymbolKind } from '../../../shared/search.ts';
import type { FileSymbol } from '../chunk.ts';
import { commentText, isDocumentation } from '../commentText.ts';
import type { LineTable } from '../lineTable.ts';
import { noBorder, type Definition, type Outline } from '../outline.ts';
import { indentationBorders } from './lineOutline.ts';

/** A line that begins a definition. Its first group is the name. */
export interface Pattern {
  readonly kind: SymbolKind;
  readonly line: RegExp;
  /** Stays open, whatever the indentation, until a line matches `end` of the syntax with nothing else open. */
  readonly encloses?: true;
}

export interface PatternSyntax {
  readonly patterns: readonly Pattern[];
  /** Beginning of a comment line that documents what follows. */
  readonly comment?: RegExp;
  /** Data: keys of the outermost level are no definitions, only places to cut, and a section lasts until the next one. */
  readonly data?: true;
  /** Matches the line that ends a definition of the same indentation; it then belongs to the definition. */
  readonly end?: RegExp;
}

const longestLine = 500;
const closingBracket = /^\s*[)\]}]/;

/**
 * Reads the definitions of a language that no grammar is at hand for, line by line: one begins where a pattern matches and
 * ends where the indentation is back at its level.
 */
export function patternOutline(lines: LineTable, syntax: PatternSyntax): Outline {
  const definitions: Definition[] = [];
  const symbols: FileSymbol[] = [];
  const borders = indentationBorders(lines);
  const open: Open[] = [];
  let level = Infinity;
  for (let line = 0; line < lines.count; line++) {
    if (lines.isBlank(line)) continue;
    const text = lines.line(line).slice(0, longestLine);
    const indent = text.length - text.trimStart().length;
    let match = syntax.comment?.test(text) ? undefined : matchLine(text, syntax.patterns);
    if (syntax.data && match) {
      level = Math.min(level, indent);
      if (indent > level) match = undefined;
    }
    const start = match ? leadStart(lines, line, indent, syntax.comment) : line;
    closeDefinitions(open, indent, { line, start, begins: match !== undefined, text }, syntax);
    if (!match) continue;
    const parent = open.at(-1)?.definition;
    const definition = define(lines, match, start, line, parent);
    (parent?.children ?? definitions).push(definition);
    if (!syntax.data) symbols.push({ name: match.name, kind: match.kind, line: line + 1 });
    for (let at = start + 1; at <= line; at++) borders[at] = noBorder;
    open.push({ definition, indent, encloses: match.encloses === true });
  }
  for (const { definition } of open) definition.endLine = Math.max(lines.count, definition.startLine + 1);
  return { definitions, symbols, borders };
}

interface Open {
  readonly definition: Definition;
  readonly indent: number;
  readonly encloses: boolean;
}

interface Match {
  readonly name: string;
  readonly kind: SymbolKind;
  readonly encloses?: true | undefined;
}

function matchLine(text: string, patterns: readonly Pattern[]): Match | undefined {
  for (const { line, kind, encloses } of patterns) {
    const match = line.exec(text);
    const name = match?.[1];
    if (name !== undefined && name !== '') return { name: name.trim(), kind, encloses };
  }
  return undefined;
}

function closeDefinitions(
  open: Open[],
  indent: number,
  at: { line: number; start: number; begins: boolean; text: string },
  syntax: PatternSyntax,
): void {
  while (open.length > 0 && open.at(-1)!.indent >= indent) {
    const { definition, indent: own, encloses } = open.at(-1)!;
    if (!at.begins && own === indent && (syntax.end ?? closingBracket).test(at.text)) {
      definition.endLine = at.line + 1;
      open.pop();
      return;
    }
    // A brace on a line of its own still opens the definition above it.
    if (encloses || (!at.begins && (syntax.data || (own === indent && /^\s*\{/.test(at.text))))) return;
    definition.endLine = Math.max(at.begins ? at.start : at.line, definition.startLine + 1);
    open.pop();
  }
}

function define(
  lines: LineTable,
  { name, kind }: Match,
  start: number,
  line: number,
  parent: Definition | undefined,
): Definition {
  const comment = start === line ? '' : commentText(lines.text.slice(lines.start(start), lines.end(line - 1)));
  return {
    kind,
    name,
    symbol: parent ? `${parent.symbol}.${name}` : name,
    signature: lines
      .line(line)
      .slice(0, longestLine)
      .trim()
      .replace(/\s*(?:\{|=|:|->)?\s*$/, ''),
    doc: isDocumentation(comment) ? comment : '',
    startLine: start,
    endLine: line + 1,
    children: [],
  };
}

/** The first line of the comment right above a line. */
function leadStart(lines: LineTable, line: number, indent: number, comment: RegExp | undefined): number {
  if (!comment) return line;
  let start = line;
  while (start > 0 && !lines.isBlank(start - 1)) {
    const text = lines.line(start - 1).slice(0, longestLine);
    if (!comment.test(text) || text.length - text.trimStart().length > indent + 1) break;
    start--;
  }
  return start;
}
