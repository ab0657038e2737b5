import type { SymbolKind } from '../../../shared/search.ts';
import type { FileSymbol } from '../chunk.ts';
import { commentText, isDocumentation } from '../commentText.ts';
import type { LineTable } from '../lineTable.ts';
import { noBorder, type Definition, type Outline } from '../outline.ts';
import { indentationBorders } from './lineOutline.ts';

const kinds: Readonly<Record<string, SymbolKind>> = {
  table: 'struct',
  view: 'struct',
  type: 'type',
  domain: 'type',
  function: 'function',
  procedure: 'function',
  trigger: 'function',
  aggregate: 'function',
  macro: 'macro',
  schema: 'module',
  database: 'module',
  package: 'module',
  index: 'constant',
  sequence: 'constant',
};

const create =
  /^create\s+(?:or\s+(?:replace|alter)\s+)?(?:(?:global|local|temp|temporary|unique|materialized|recursive|unlogged|external|virtual|constraint|clustered|nonclustered|algorithm\s*=\s*\w+|definer\s*=\s*\S+)\s+)*(table|view|type|domain|function|procedure|proc|trigger|aggregate|macro|schema|database|package|index|sequence)\s+(?:body\s+)?(?:if\s+not\s+exists\s+)?(?:concurrently\s+)?([\w$."`[\]]+)/i;

interface Statement {
  /** Offsets; the start is that of the first token, comments above included. */
  readonly start: number;
  readonly codeStart: number;
  readonly end: number;
}

/** SQL by statement, any dialect: no grammar reads them all, but all end their statements with a semicolon or `GO`. */
export function sqlOutline(lines: LineTable): Outline {
  const definitions: Definition[] = [];
  const symbols: FileSymbol[] = [];
  const borders = indentationBorders(lines);
  for (const statement of splitStatements(lines.text)) {
    const startLine = lines.lineAt(statement.start);
    const endLine = lines.lineAt(statement.end - 1) + 1;
    for (let line = startLine + 1; line < endLine; line++) borders[line] = Math.max(borders[line]!, 8);
    borders[startLine] = 0;
    const definition = describe(lines, statement, startLine, endLine);
    if (!definition) continue;
    definitions.push(definition);
    symbols.push({ name: definition.name, kind: definition.kind, line: lines.lineAt(statement.codeStart) + 1 });
    if (lines.lineAt(statement.codeStart) > startLine) borders[lines.lineAt(statement.codeStart)] = noBorder;
  }
  return { definitions, symbols, borders };
}

function describe(lines: LineTable, statement: Statement, startLine: number, endLine: number): Definition | undefined {
  const text = lines.text;
  const match = create.exec(text.slice(statement.codeStart, statement.codeStart + 600));
  if (!match) return undefined;
  const symbol = match[2]!.replace(/["`[\]]/g, '');
  const word = match[1]!.toLowerCase();
  const comment = commentText(text.slice(statement.start, statement.codeStart));
  const head = text.slice(statement.codeStart, Math.min(statement.end, statement.codeStart + 400));
  return {
    kind: kinds[word === 'proc' ? 'procedure' : word]!,
    name: symbol.split('.').at(-1)!,
    symbol,
    signature: head
      .split(/\(\s*\n|\bAS\b|\bBEGIN\b|;/i, 1)[0]!
      .replace(/\s+/g, ' ')
      .trim(),
    doc: isDocumentation(comment) ? comment : '',
    startLine,
    endLine,
    children: [],
  };
}

/** What may stand in SQL and hide a semicolon, then the semicolon, then what opens and closes a compound statement. */
const token =
  /--[^\n]*|\/\*[\s\S]*?(?:\*\/|(?![\s\S]))|'(?:[^'\\]|''|\\[\s\S])*(?:'|(?![\s\S]))|"[^"]*(?:"|(?![\s\S]))|`[^`]*(?:`|(?![\s\S]))|\$(\w*)\$[\s\S]*?(?:\$\1\$|(?![\s\S]))|;|^[ \t]*(?:go|\/|delimiter\b[^\n]*)[ \t\r]*$|\b(?:begin|case|end)\b|[^\s;'"`$/-]+|[$/-]/gim;

/** Splits at semicolons outside of strings, comments, dollar quotes and `BEGIN … END`. */
function splitStatements(text: string): Statement[] {
  const statements: Statement[] = [];
  let start = -1;
  let codeStart = -1;
  let depth = 0;
  const finish = (end: number): void => {
    if (codeStart !== -1) statements.push({ start, codeStart, end });
    start = -1;
    codeStart = -1;
    depth = 0;
  };
  for (const match of text.matchAll(token)) {
    const word = match[0].trim().toLowerCase();
    if (word.startsWith('--') || word.startsWith('/*')) {
      // A comment behind a statement is not about the next one.
      const alone = text.slice(text.lastIndexOf('\n', match.index) + 1, match.index).trim() === '';
      const separated = start !== -1 && codeStart === -1 && /\n[ \t]*\r?\n/.test(text.slice(start, match.index));
      if (codeStart === -1 && alone && (start === -1 || separated)) start = match.index;
      continue;
    }
    if (word === 'go' || word === '/' || word.startsWith('delimiter')) {
      finish(match.index);
      continue;
    }
    if (word === ';') {
      if (depth === 0) finish(match.index + 1);
      continue;
    }
    if (codeStart === -1) {
      codeStart = match.index;
      if (start === -1 || /\n[ \t]*\r?\n[ \t]*$/.test(text.slice(Math.max(start, codeStart - 200), codeStart)))
        start = codeStart;
      // BEGIN TRANSACTION and a lone BEGIN open no block.
      if (word === 'begin' || word === 'end') continue;
    }
    if (word === 'begin' || word === 'case') depth++;
    else if (word === 'end') depth = Math.max(0, depth - 1);
  }
  finish(text.trimEnd().length);
  return statements;
}
