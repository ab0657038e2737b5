import type { Chunk } from './chunk.ts';
import { limits } from './limits.ts';
import type { LineTable } from './lineTable.ts';
import type { Cut } from './mergePieces.ts';

const longestSignature = 300;
const longestDoc = 4000;
/** A group of small definitions is called after its first ones. */
const mostNames = 6;

/** Cuts the text out. One line that is too long by itself becomes several chunks with the same line number. */
export function buildChunks(cuts: readonly Cut[], lines: LineTable): Chunk[] {
  return cuts.flatMap((cut) => {
    const start = lines.start(cut.startLine);
    const end = lines.end(cut.endLine - 1);
    const whole = describe(cut);
    const ranges = splitLongLines(cut, lines, start, end);
    return ranges.map(([startOffset, endOffset], i) => ({
      ...whole,
      ...(i > 0 ? { doc: '', definition: false } : {}),
      startLine: lines.lineAt(startOffset) + 1,
      endLine: lines.lineAt(endOffset - 1) + 1,
      startOffset,
      endOffset,
      text: lines.text.slice(startOffset, endOffset),
    }));
  });
}

function describe(cut: Cut): Omit<Chunk, 'startLine' | 'endLine' | 'startOffset' | 'endOffset' | 'text'> {
  const { definition, parent, kind, defines } = cut;
  if (!definition) {
    const members = cut.members ?? [];
    const named = members.length > 0 ? members : parent ? [parent] : [];
    return {
      kind,
      name: named[0]?.name ?? '',
      symbol: named
        .slice(0, mostNames)
        .map((member) => member.symbol)
        .filter((symbol) => symbol !== '')
        .join(', '),
      signature: '',
      doc: '',
      definition: defines && kind !== 'block',
    };
  }
  const { name, symbol, signature, doc } = definition;
  return {
    kind,
    name,
    symbol,
    signature: truncate(signature, longestSignature),
    doc: defines ? truncate(doc, longestDoc) : '',
    definition: defines && symbol !== '' && kind !== 'block' && !definition.addition,
  };
}

function truncate(text: string, length: number): string {
  return text.length <= length ? text : text.slice(0, length).toWellFormed().replaceAll('\uFFFD', '');
}

/** Offsets of the parts; one part unless the cut holds a line that is longer than any chunk may be. */
function splitLongLines(cut: Cut, lines: LineTable, start: number, end: number): [number, number][] {
  const longest = limits.longestLine;
  if (end - start <= longest) return [[start, end]];
  const ranges: [number, number][] = [];
  let from = start;
  for (let line = cut.startLine; line < cut.endLine; line++) {
    if (lines.end(line) - lines.start(line) <= longest) continue;
    if (lines.start(line) > from) pushRange(lines.text, ranges, from, lines.start(line));
    for (let at = lines.start(line); at < lines.end(line);) {
      const to = cutColumn(lines.text, at, Math.min(at + longest, lines.end(line)), lines.end(line));
      pushRange(lines.text, ranges, at, to);
      at = to;
    }
    from = Math.min(lines.end(line), end);
  }
  if (from < end) pushRange(lines.text, ranges, from, end);
  return ranges;
}

function pushRange(text: string, ranges: [number, number][], start: number, end: number): void {
  const slice = text.slice(start, end);
  const from = start + slice.length - slice.trimStart().length;
  const to = start + slice.trimEnd().length;
  if (from < to) ranges.push([from, to]);
}

/** Behind the last space or comma of the window, never inside a surrogate pair. */
function cutColumn(text: string, from: number, to: number, end: number): number {
  if (to === end) return end;
  for (let at = to; at > from + (to - from) / 2; at--) {
    const code = text.charCodeAt(at - 1);
    if (code === 32 || code === 44 || code === 59 || code === 9) return at;
  }
  const low = text.charCodeAt(to);
  return low >= 0xdc00 && low <= 0xdfff ? to - 1 : to;
}
