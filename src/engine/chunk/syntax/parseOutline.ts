import type { Range, Tree } from '@vscode/tree-sitter-wasm';
import { parserFor } from '../grammars.ts';
import type { LineTable } from '../lineTable.ts';
import type { LanguageSyntax } from './languageSyntax.ts';
import { readOutline, type SyntaxOutline } from './readOutline.ts';

/**
 * Parses a file and reads its outline. Gives a reason instead when the parser ran out of time or found nothing but
 * nesting. With a range of lines only these are read, at their own places. Throws what the parser throws: after a WASM trap the thread's parser must not be used again.
 */
export async function parseOutline(
  syntax: LanguageSyntax,
  lines: LineTable,
  budgetMs: number,
  range?: { readonly from: number; readonly to: number },
): Promise<SyntaxOutline | 'timeout' | 'too_deep'> {
  const parser = await parserFor(syntax.grammar);
  const overBudget = budget(budgetMs);
  let tree: Tree | null = null;
  try {
    tree = parser.parse(lines.text, null, {
      progressCallback: overBudget,
      ...(range ? { includedRanges: [includedRange(lines, range.from, range.to)] } : {}),
    });
    if (!tree) {
      parser.reset();
      return 'timeout';
    }
    const outline = readOutline(tree, syntax, lines);
    return outline.tooDeep && outline.definitions.length === 0 ? 'too_deep' : outline;
  } finally {
    tree?.delete();
  }
}

/**
 * Counts this thread's processor time where Node can tell it, so that a busy machine does not change the outcome. The
 * clock on the wall is asked first, because it is cheaper.
 */
function budget(milliseconds: number): () => boolean {
  const cpu = (process as Partial<typeof process>).threadCpuUsage?.bind(process);
  const start = cpu?.();
  let deadline = performance.now() + milliseconds;
  return () => {
    if (performance.now() <= deadline) return false;
    const used = cpu?.(start);
    const left = used ? milliseconds - (used.user + used.system) / 1000 : 0;
    deadline = performance.now() + left;
    return left <= 0;
  };
}

function includedRange(lines: LineTable, from: number, to: number): Range {
  const last = Math.max(from, to - 1);
  return {
    startIndex: lines.start(from),
    endIndex: Math.max(lines.start(from), lines.end(last)),
    startPosition: { row: from, column: 0 },
    endPosition: { row: last, column: lines.end(last) - lines.start(last) },
  };
}
