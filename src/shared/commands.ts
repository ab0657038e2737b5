/** One command: the single source of its manifest entry. Each needs a handler, or the extension does not compile. */
export interface CommandDefinition {
  readonly title: string;
  /** One sentence for the README. */
  readonly summary: string;
  /** Codicon for menus and view titles. */
  readonly icon?: string;
  /** Palette visibility; absent means always. */
  readonly when?: string;
  readonly menus?: readonly { readonly menu: string; readonly group?: string; readonly when?: string }[];
}

const searchView = 'view == sextant.search';
const moodView = 'view == sextant.mood';

export const commands = {
  'sextant.search': {
    title: 'Search',
    summary: 'Opens the search panel; in it, type a question or a name.',
    icon: '$(search)',
  },
  'sextant.quickSearch': {
    title: 'Quick Search',
    summary: 'Search from the quick pick, with a live preview, without leaving the keyboard.',
    when: 'workspaceFolderCount > 0',
  },
  'sextant.searchSelection': {
    title: 'Search Selection',
    summary: 'Searches for the selected text.',
    when: 'editorHasSelection',
    menus: [{ menu: 'editor/context', group: '4_sextant@2', when: 'editorHasSelection && resourceScheme == file' }],
  },
  'sextant.findSimilar': {
    title: 'Find Similar Code',
    summary: 'Lists code like the selection, or like the function at the cursor.',
    when: 'editorIsOpen && workspaceFolderCount > 0',
    menus: [{ menu: 'editor/context', group: '4_sextant@1', when: 'resourceScheme == file' }],
  },
  'sextant.findDuplicates': {
    title: 'Find Duplicates',
    summary: 'Groups code that does nearly the same, over the whole workspace.',
    when: 'workspaceFolderCount > 0',
  },
  'sextant.showMood': {
    title: 'Show Mood',
    summary: 'Opens the mood view: how commits and issues sound, over time and by folder.',
    icon: '$(pulse)',
    menus: [{ menu: 'view/title', group: 'navigation@3', when: `${searchView} && workspaceFolderCount > 0` }],
  },
  'sextant.refreshMood': {
    title: 'Refresh Mood',
    summary: 'Reads new commits, and the mood of what is not read yet.',
    icon: '$(refresh)',
    when: 'workspaceFolderCount > 0',
    menus: [{ menu: 'view/title', group: 'navigation@1', when: moodView }],
  },
  'sextant.fetchIssues': {
    title: 'Fetch Issues',
    summary: 'Fetches issues, pull requests and comments from GitHub or GitLab, for search and for the mood view.',
    icon: '$(cloud-download)',
    when: 'workspaceFolderCount > 0',
    menus: [{ menu: 'view/title', group: 'issues@1', when: moodView }],
  },
  'sextant.importIssues': {
    title: 'Import Issues',
    summary: 'Takes issues from a JSON or CSV export instead.',
    when: 'workspaceFolderCount > 0',
    menus: [{ menu: 'view/title', group: 'issues@2', when: moodView }],
  },
  'sextant.reindex': {
    title: 'Re-index',
    summary: 'Looks at every file again, or builds the index from nothing.',
    icon: '$(refresh)',
    when: 'workspaceFolderCount > 0',
    menus: [{ menu: 'view/title', group: 'navigation@1', when: searchView }],
  },
  'sextant.pauseIndexing': {
    title: 'Pause Indexing',
    summary: 'Stops indexing until it is resumed; search goes on with what is there.',
    icon: '$(debug-pause)',
    when: 'sextant.indexing && !sextant.paused',
    menus: [
      { menu: 'view/title', group: 'navigation@2', when: `${searchView} && sextant.indexing && !sextant.paused` },
    ],
  },
  'sextant.resumeIndexing': {
    title: 'Resume Indexing',
    summary: 'Goes on where indexing was paused.',
    icon: '$(debug-continue)',
    when: 'sextant.paused',
    menus: [{ menu: 'view/title', group: 'navigation@2', when: `${searchView} && sextant.paused` }],
  },
  'sextant.selectModel': {
    title: 'Select Model',
    summary: 'Lists, downloads, imports, removes and chooses embedding models.',
  },
  'sextant.setHubToken': {
    title: 'Set Hub Token',
    summary: 'Keeps a token for gated and private models in the secret storage, or forgets it.',
  },
  'sextant.showStatus': {
    title: 'Show Index Status',
    summary: 'Shows files, chunks, what was skipped and why, the model and what runs it.',
  },
  'sextant.finetune': {
    title: 'Fine-Tune on This Workspace',
    summary: 'Trains the model on your own code, and uses it only if it is better on questions it never saw.',
    icon: '$(mortar-board)',
    when: 'workspaceFolderCount > 0',
    menus: [{ menu: 'view/title', group: 'navigation@4', when: `${searchView} && workspaceFolderCount > 0` }],
  },
  'sextant.measureSearch': {
    title: 'Measure My Search',
    summary: 'Measures keyword, semantic and hybrid search on questions made from your own code.',
    icon: '$(graph)',
    when: 'workspaceFolderCount > 0',
  },
  'sextant.showLog': { title: 'Show Log', summary: 'Opens the log.' },
  'sextant.copyMcpConfiguration': {
    title: 'Copy MCP Configuration',
    summary: 'Copies what Claude Desktop, Cursor and other MCP clients need to search this workspace.',
  },
  'sextant.copyDiagnostics': {
    title: 'Copy Diagnostics',
    summary: 'Copies versions, back ends and index health for a bug report; no file contents.',
  },
  'sextant.setRemoteKey': {
    title: 'Set Embedding Server Key',
    summary: 'Keeps the key of the embedding server in the system’s secret storage.',
    when: "config.sextant.remote.url != ''",
  },
  'sextant.previewRemote': {
    title: 'Show What Would Be Sent',
    summary: 'Lists, text for text, what the embedding server would get, and what is kept from it.',
    when: "workspaceFolderCount > 0 && config.sextant.remote.url != ''",
  },
  'sextant.exportIndex': {
    title: 'Export Index',
    summary: 'Writes a folder’s index to one file, without secrets, for colleagues and fresh clones.',
    when: 'workspaceFolderCount > 0',
  },
  'sextant.importIndex': {
    title: 'Import Index',
    summary: 'Takes over an exported index: a fresh clone is searchable in seconds.',
    when: 'workspaceFolderCount > 0',
  },
  'sextant.setTeamPassword': {
    title: 'Set Shared Index Password',
    summary: 'Keeps the password of the team’s index in the system’s secret storage.',
    when: "config.sextant.team.url != ''",
  },
  'sextant.clearIndex': {
    title: 'Clear Index',
    summary: 'Deletes the index of this workspace, after asking.',
    when: 'workspaceFolderCount > 0',
  },
  'sextant.restartEngine': { title: 'Restart Engine', summary: 'Starts the engine process anew.' },
} as const satisfies Record<string, CommandDefinition>;

export type CommandId = keyof typeof commands;
