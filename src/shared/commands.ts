/** One command: the single source of its manifest entry. Each needs a handler, or the extension does not compile. */
export interface CommandDefinition {
  readonly title: string;
  /** Codicon for menus and view titles. */
  readonly icon?: string;
  /** Palette visibility; absent means always. */
  readonly when?: string;
  readonly menus?: readonly { readonly menu: string; readonly group?: string; readonly when?: string }[];
}

const searchView = 'view == sextant.search';

export const commands = {
  'sextant.search': { title: 'Search', icon: '$(search)' },
  'sextant.quickSearch': { title: 'Quick Search', when: 'workspaceFolderCount > 0' },
  'sextant.searchSelection': {
    title: 'Search Selection',
    when: 'editorHasSelection',
    menus: [{ menu: 'editor/context', group: '4_sextant@2', when: 'editorHasSelection && resourceScheme == file' }],
  },
  'sextant.findSimilar': {
    title: 'Find Similar Code',
    when: 'editorIsOpen && workspaceFolderCount > 0',
    menus: [{ menu: 'editor/context', group: '4_sextant@1', when: 'resourceScheme == file' }],
  },
  'sextant.findDuplicates': { title: 'Find Duplicates', when: 'workspaceFolderCount > 0' },
  'sextant.reindex': {
    title: 'Re-index',
    icon: '$(refresh)',
    when: 'workspaceFolderCount > 0',
    menus: [{ menu: 'view/title', group: 'navigation@1', when: searchView }],
  },
  'sextant.pauseIndexing': {
    title: 'Pause Indexing',
    icon: '$(debug-pause)',
    when: 'sextant.indexing && !sextant.paused',
    menus: [
      { menu: 'view/title', group: 'navigation@2', when: `${searchView} && sextant.indexing && !sextant.paused` },
    ],
  },
  'sextant.resumeIndexing': {
    title: 'Resume Indexing',
    icon: '$(debug-continue)',
    when: 'sextant.paused',
    menus: [{ menu: 'view/title', group: 'navigation@2', when: `${searchView} && sextant.paused` }],
  },
  'sextant.selectModel': { title: 'Select Model' },
  'sextant.showStatus': { title: 'Show Index Status' },
  'sextant.showLog': { title: 'Show Log' },
  'sextant.copyDiagnostics': { title: 'Copy Diagnostics' },
  'sextant.clearIndex': { title: 'Clear Index', when: 'workspaceFolderCount > 0' },
  'sextant.restartEngine': { title: 'Restart Engine' },
} as const satisfies Record<string, CommandDefinition>;

export type CommandId = keyof typeof commands;
