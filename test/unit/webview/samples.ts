import type { SearchFilters, SearchMode, SearchResponse, SearchResult } from '../../../src/shared/search.ts';
import type { EngineStatus, RootStatus } from '../../../src/shared/status.ts';
import type { Answer } from '../../../src/webview/search/model/state.ts';

export const root = 'file:///workspace';

export function result(path: string, startLine: number): SearchResult {
  return {
    root,
    path,
    startLine,
    endLine: startLine + 3,
    chunkId: startLine,
    language: 'typescript',
    kind: 'function',
    symbol: 'f',
    signature: 'function f()',
    score: 0.5,
    signals: { meaning: 1 },
    matches: [],
    text: 'function f() {\n  return 1;\n}\n',
  };
}

export function response(results: readonly SearchResult[], change: Partial<SearchResponse> = {}): SearchResponse {
  const tookMs = { embed: 1, search: 2, total: 3 };
  return { query: '', mode: 'hybrid', tookMs, results, more: false, embeddedShare: 1, ...change };
}

export function answer(results: readonly SearchResult[], query = 'q', filters: SearchFilters = {}): Answer {
  const mode: SearchMode = 'hybrid';
  return { input: { query, mode, filters }, mode, tookMs: 3, embeddedShare: 1, notice: null, more: false, results };
}

export function rootStatus(change: Partial<RootStatus> = {}): RootStatus {
  const counts = { files: 10, chunks: 100, embedded: 100, degraded: 0 };
  return { root, name: 'workspace', phase: 'ready', skipped: {}, ...counts, ...change };
}

export function status(...roots: RootStatus[]): EngineStatus {
  return { paused: false, roots: roots.length === 0 ? [rootStatus()] : roots };
}
