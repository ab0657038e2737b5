import type { SearchResult } from '../../src/shared/search.ts';

/** Results that a token budget cannot hold all of: functions of 40 lines, each in a file of its own. */
export function longResults(root: string, count: number): SearchResult[] {
  return Array.from({ length: count }, (_, index) => ({
    root,
    path: `src/part${index}.ts`,
    startLine: 1,
    endLine: 40,
    chunkId: index,
    language: 'typescript',
    kind: 'function',
    symbol: `part${index}`,
    signature: '',
    score: 1,
    signals: {},
    matches: [],
    text: 'sail(mast);\n'.repeat(40),
  }));
}
