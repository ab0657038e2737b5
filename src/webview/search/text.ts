import type { PanelBlocker } from '../../shared/panelProtocol.ts';
import type { SearchMode, SearchResult, SearchScope, SymbolKind } from '../../shared/search.ts';
import type { MoodLabel } from '../../shared/sentiment.ts';
import type { RootPhase } from '../../shared/status.ts';
import { count, humanize } from '../shared/format.ts';

function plural(n: number, one: string, many: string): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}

const modes: Record<SearchMode, { label: string; description: string }> = {
  hybrid: { label: 'Hybrid', description: 'Meaning and words' },
  semantic: { label: 'Semantic', description: 'Meaning only' },
  keyword: { label: 'Keyword', description: 'Words only' },
};

const kinds: Record<SymbolKind, string> = {
  function: 'Function',
  method: 'Method',
  constructor: 'Constructor',
  class: 'Class',
  interface: 'Interface',
  struct: 'Struct',
  enum: 'Enum',
  trait: 'Trait',
  type: 'Type',
  module: 'Module',
  property: 'Property',
  variable: 'Variable',
  constant: 'Constant',
  macro: 'Macro',
  test: 'Test',
  block: 'Block',
  section: 'Section',
};

const scopes: Record<SearchScope, string> = { code: 'Code', docs: 'Docs', commits: 'Commits' };

const moods: Record<MoodLabel, string> = { negative: 'Negative', neutral: 'Neutral', positive: 'Positive' };

const languages: Readonly<Record<string, string>> = {
  typescript: 'TypeScript',
  typescriptreact: 'TypeScript JSX',
  javascript: 'JavaScript',
  javascriptreact: 'JavaScript JSX',
  csharp: 'C#',
  cpp: 'C++',
  'cuda-cpp': 'CUDA C++',
  css: 'CSS',
  scss: 'SCSS',
  html: 'HTML',
  xml: 'XML',
  json: 'JSON',
  jsonc: 'JSON with comments',
  yaml: 'YAML',
  toml: 'TOML',
  php: 'PHP',
  sql: 'SQL',
  fsharp: 'F#',
  'objective-c': 'Objective-C',
  'objective-cpp': 'Objective-C++',
  shellscript: 'Shell Script',
  powershell: 'PowerShell',
  restructuredtext: 'reStructuredText',
  asciidoc: 'AsciiDoc',
  plaintext: 'Plain Text',
  latex: 'LaTeX',
  ocaml: 'OCaml',
  makefile: 'Makefile',
  ini: 'INI',
};

const phases: Record<RootPhase, string> = {
  opening: 'Opening the index',
  scanning: 'Looking for files',
  indexing: 'Reading code',
  embedding: 'Embedding',
  ready: 'Ready',
  paused: 'Indexing is paused',
  error: 'Indexing has stopped',
};

const blockers: Record<PanelBlocker, { title: string; detail: string }> = {
  noFolder: {
    title: 'No folder is open',
    detail: 'Open a folder and ask it a question in plain words. Everything stays on this machine.',
  },
  untrusted: {
    title: 'This workspace is not trusted',
    detail: 'Sextant reads the files of a workspace to index them. Trust the workspace to search it.',
  },
  engineDown: {
    title: 'The search engine is not running',
    detail: 'It was restarted several times and kept stopping. The log says why.',
  },
};

/** Every text of the panel, in one place. */
export const text = {
  modes,
  kinds,
  scopes,
  moods,
  moreFiles: (files: number): string => `${count(files)} more`,
  phases,
  blockers,
  language: (id: string): string => languages[id] ?? humanize(id),
  placeholder: 'Ask in plain words, or name a symbol',
  queryLabel: 'Search by meaning',
  queryHelp: 'Up and Down recall earlier searches. Down from the newest goes to the results.',
  clear: 'Clear Search',
  cancel: 'Cancel Search (Escape)',
  searching: 'Searching…',
  cancelled: 'Search cancelled',
  modeLabel: (mode: SearchMode): string => `Search mode: ${modes[mode].label}`,
  addFilter: 'Filter',
  addFilterLabel: 'Add a filter by language, path, symbol kind, code, docs or commits',
  filterPlaceholder: 'Language, kind or path (src/**)',
  filtersLabel: 'Active filters',
  removeFilter: (label: string): string => `Remove filter ${label}`,
  clearFilters: 'Remove All Filters',
  pathFilter: (path: string): string => (path.startsWith('!') ? `Not in ${path.slice(1)}` : `In ${path}`),
  excludePath: (path: string): string => `Not in ${path}`,
  noSuchFilter: 'Type a path, such as src/** or !test/**',
  filterGroups: { scope: 'Search in', language: 'Languages', kind: 'Symbols', path: 'Path' },
  results: 'Search results',
  duplicates: 'Duplicates',
  resultCount: (results: readonly SearchResult[], more: boolean): string => {
    if (results.length === 0) return 'No results';
    const files = new Set(results.map((result) => `${result.root}\n${result.path}`)).size;
    const shown = more ? `${count(results.length)}+ results` : plural(results.length, 'result', 'results');
    return `${shown} in ${plural(files, 'file', 'files')}`;
  },
  moreResults: (n: number): string => (n === 0 ? 'No further results' : plural(n, 'more result', 'more results')),
  duplicateCount: (n: number): string =>
    n === 0 ? 'No duplicates' : plural(n, 'group of duplicates', 'groups of duplicates'),
  places: (n: number): string => plural(n, 'place', 'places'),
  noDuplicates: 'No two places of this workspace are similar enough to count as duplicates.',
  noDuplicatesHint: 'The threshold is the setting sextant.duplicates.threshold.',
  embedded: (share: string): string => `${share} embedded`,
  lines: (range: string): string => `lines ${range}`,
  score: (share: string): string => `Score ${share}`,
  collapseAll: 'Collapse All',
  expandAll: 'Expand All',
  refresh: 'Refresh',
  grown: 'The index has grown since this search.',
  why: 'Why this result?',
  whyShort: 'Why',
  matched: 'Matched words',
  noMatchedWords: 'No word of the question stands here: found by its meaning.',
  rankLabel: (share: string): string => `Total score ${share}`,
  similarTo: 'Similar to',
  back: 'Back',
  open: 'Open',
  openToSide: 'Open to the Side',
  findSimilar: 'Find Similar Code',
  copyCode: 'Copy Code',
  copyPath: 'Copy Path',
  copied: { text: 'Code copied', path: 'Path copied' },
  actions: 'Actions',
  showWhy: 'Show Why',
  hideWhy: 'Hide Why',
  openFolder: 'Open Folder',
  manageTrust: 'Manage Workspace Trust',
  restart: 'Restart Engine',
  showLog: 'Show Log',
  pause: 'Pause Indexing',
  resume: 'Resume Indexing',
  reindex: 'Re-index',
  tryAgain: 'Try Again',
  noResultsFor: (query: string): string =>
    `Nothing found for “${query.length > 80 ? `${query.slice(0, 80)}…` : query}”`,
  tryMode: (mode: SearchMode): string =>
    `Search by ${mode === 'keyword' ? 'Words' : mode === 'semantic' ? 'Meaning' : 'Both'}`,
  partlyEmbedded: (share: string): string =>
    `Only ${share} of the code is embedded so far; a later search may find more.`,
  loosenQuery: 'Describe what the code does rather than what it is called, or use fewer words.',
  noSimilar: 'Nothing in this workspace is similar to this place.',
  emptyWorkspace: 'There is nothing to search in yet',
  emptyWorkspaceHint:
    'No file of this workspace is indexed. Check the ignore files and the setting sextant.index.exclude.',
  recent: 'Recent Searches',
  clearHistory: 'Clear History',
  hints: 'Ask about what the code does',
  examples: ['where are sessions signed?', 'retry a failed request with a delay', 'how is the config file read?'],
  indexingHint: 'Searches by words work at once; answers by meaning get better while the index is built.',
  files: (n: number): string => plural(n, 'file', 'files'),
  eta: (time: string): string => `about ${time} left`,
  restricted: 'Restricted Mode: settings of this workspace are ignored.',
} as const;
