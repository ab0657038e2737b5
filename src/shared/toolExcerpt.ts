/** Part of a chunk's text that is shown to an agent: `code` with `…` where lines are left out. */
export interface Excerpt {
  readonly code: string;
  /** Lines of the text that are not shown. */
  readonly hidden: number;
}

const longestLine = 240;

function scoreOf(line: string, words: readonly string[]): number {
  const lower = line.toLowerCase();
  return words.filter((word) => lower.includes(word)).length;
}

/** Line of the definition: the first that holds the symbol's own name. */
function definitionLine(lines: readonly string[], symbol: string): number {
  const name = /[\p{L}\p{N}_$]+$/u.exec(symbol)?.[0] ?? '';
  const found = name === '' ? -1 : lines.findIndex((line) => line.includes(name));
  return Math.max(0, found);
}

/** Indexes of the lines that say most: the definition, then those with most words of the question, each with the line after it. */
function tellingLines(lines: readonly string[], symbol: string, matches: readonly string[], most: number): Set<number> {
  const words = matches.map((word) => word.toLowerCase());
  const definition = definitionLine(lines, symbol);
  const chosen = new Set<number>([definition]);
  const scored = lines
    .map((line, index) => ({ index, score: scoreOf(line, words) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.index - b.index);
  const ranked = scored.flatMap(({ index }) => [index, index + 1]);
  const rest = lines.map((_line, index) => index).filter((index) => index > definition);
  for (const index of [...ranked, ...rest]) {
    if (chosen.size >= most) break;
    if (index < lines.length && lines[index]!.trim() !== '') chosen.add(index);
  }
  return chosen;
}

function clipped(line: string): string {
  return line.length > longestLine ? `${line.slice(0, longestLine)}…` : line;
}

/** Columns that every line which is not blank is indented by. */
function commonIndent(lines: readonly string[]): number {
  const indents = lines.filter((line) => line.trim() !== '').map((line) => /^[ \t]*/.exec(line)![0].length);
  return indents.length === 0 ? 0 : Math.min(...indents);
}

/** At most `most` lines of `text` (at least one), those that tell most about why it was found, without their common indentation. */
export function excerptOf(text: string, symbol: string, matches: readonly string[], most: number): Excerpt {
  const raw = text.replace(/\s+$/, '').split('\n');
  const indent = commonIndent(raw);
  const lines = raw.map((line) => clipped(line.slice(indent).trimEnd()));
  if (lines.length <= most) return { code: lines.join('\n'), hidden: 0 };
  const chosen = tellingLines(lines, symbol, matches, Math.max(1, most));
  const shown: string[] = [];
  let last = -1;
  for (const index of [...chosen].sort((a, b) => a - b)) {
    if (index > last + 1) shown.push('…');
    shown.push(lines[index]!);
    last = index;
  }
  if (last < lines.length - 1) shown.push('…');
  return { code: shown.join('\n'), hidden: lines.length - chosen.size };
}
