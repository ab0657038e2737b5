import type { Node, Tree } from '@vscode/tree-sitter-wasm';
import type { Chunk, ChunkedFile, FileSymbol } from './chunk.ts';
import { parserFor } from './grammars.ts';
import type { LineTable } from './lineTable.ts';

/** One cell of a notebook, its source decoded. */
interface Cell {
  readonly markdown: boolean;
  readonly source: string;
  /** Where each line of the source stands. */
  readonly lines: readonly Place[];
}

/** Offsets of a JSON string and the 0-based line it begins on. */
interface Place {
  readonly start: number;
  readonly end: number;
  readonly row: number;
}

/** Chunks a cell's source as a file of the given name. */
type ChunkSource = (source: { path: string; text: string }) => Promise<ChunkedFile>;

/**
 * Jupyter notebooks, cell by cell. The text of a chunk is decoded source, so it is *not* a slice of the file; lines and
 * offsets say where that source stands in the file. Outputs are left out. `undefined` when the file is no notebook.
 */
export async function chunkNotebook(lines: LineTable, chunkSource: ChunkSource): Promise<ChunkedFile | undefined> {
  const notebook = await readNotebook(lines);
  if (!notebook) return undefined;
  const chunks: Chunk[] = [];
  const symbols: FileSymbol[] = [];
  for (const cell of notebook.cells) {
    if (cell.source.trim() === '') continue;
    const path = cell.markdown ? 'cell.md' : `cell.${extensions[notebook.language] ?? 'py'}`;
    const file = await chunkSource({ path, text: cell.source });
    chunks.push(...file.chunks.map((chunk) => relocate(chunk, cell)));
    for (const symbol of file.symbols) symbols.push({ ...symbol, line: placeOf(cell, symbol.line).row + 1 });
  }
  return { language: 'jupyter', scope: 'docs', chunks, symbols };
}

const extensions: Readonly<Record<string, string>> = {
  python: 'py',
  r: 'r',
  julia: 'jl',
  javascript: 'js',
  typescript: 'ts',
  scala: 'scala',
  kotlin: 'kt',
  'c++': 'cpp',
  csharp: 'cs',
  'c#': 'cs',
  'f#': 'fs',
  rust: 'rs',
  go: 'go',
  bash: 'sh',
  sql: 'sql',
  ruby: 'rb',
};

function relocate(chunk: Chunk, cell: Cell): Chunk {
  const first = placeOf(cell, chunk.startLine);
  const last = placeOf(cell, chunk.endLine);
  return {
    ...chunk,
    startLine: first.row + 1,
    endLine: last.row + 1,
    startOffset: first.start,
    endOffset: last.end,
  };
}

/** @param line 1-based line of the cell's source. */
function placeOf(cell: Cell, line: number): Place {
  return cell.lines[Math.min(line, cell.lines.length) - 1]!;
}

async function readNotebook(lines: LineTable): Promise<{ language: string; cells: Cell[] } | undefined> {
  const parser = await parserFor('json');
  let tree: Tree | null = null;
  try {
    tree = parser.parse(lines.text);
    const root = tree?.rootNode.firstNamedChild ?? undefined;
    const cells = root && member(root, 'cells');
    if (!root || cells?.type !== 'array') return undefined;
    const metadata = member(root, 'metadata');
    const kernel = metadata && (member(metadata, 'language_info') ?? member(metadata, 'kernelspec'));
    const language = kernel && (member(kernel, 'language') ?? member(kernel, 'name'));
    return {
      language: language?.type === 'string' ? decode(language).toLowerCase() : 'python',
      cells: nodes(cells).flatMap((cell) => (cell.type === 'object' ? [readCell(cell)] : [])),
    };
  } finally {
    tree?.delete();
  }
}

function readCell(cell: Node): Cell {
  const type = member(cell, 'cell_type');
  const source = member(cell, 'source');
  const strings = source?.type === 'array' ? nodes(source) : source ? [source] : [];
  const parts: string[] = [];
  const lines: Place[] = [];
  for (const node of strings) {
    if (node.type !== 'string') continue;
    const text = decode(node);
    parts.push(text);
    // A list holds one line a string; a single string holds all of them on one line of the file.
    const count = text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
    const place = { start: node.startIndex, end: node.endIndex, row: node.startPosition.row };
    for (let i = 0; i < count; i++) lines.push(place);
  }
  return { markdown: type?.type === 'string' && decode(type) !== 'code', source: parts.join(''), lines };
}

function member(object: Node, name: string): Node | undefined {
  if (object.type !== 'object') return undefined;
  for (const pair of nodes(object)) {
    const key = pair.childForFieldName('key');
    if (key && decode(key) === name) return pair.childForFieldName('value') ?? undefined;
  }
  return undefined;
}

function nodes(parent: Node): Node[] {
  return parent.namedChildren.filter((child) => child !== null);
}

function decode(node: Node): string {
  try {
    return String(JSON.parse(node.text));
  } catch {
    return '';
  }
}
