/**
 * Stands in for the `vscode` module in unit tests: enough of it to run the extension's code outside of VS Code, and to
 * see what it showed, ran and left behind. Loaded through {@link file://./registerFakeVscode.ts}.
 */
import { EventEmitter as NodeEmitter } from 'node:events';
import { settings } from '../../src/shared/settings.ts';

/** What the code under test did, and what the user is going to answer. */
export const fake = {
  /** Things registered and not disposed yet, by kind. */
  live: new Map<string, number>(),
  commands: new Map<string, (...args: unknown[]) => unknown>(),
  executed: [] as unknown[][],
  context: new Map<string, unknown>(),
  errors: [] as { text: string; choices: string[] }[],
  /** Details of modal dialogs. */
  details: [] as string[],
  /** What the user types into an input box, and which path is chosen in an open dialog. */
  input: undefined as string | undefined,
  chosenPath: undefined as string | undefined,
  secrets: new Map<string, string>(),
  /** Answers to several dialogs in a row; {@link fake.answer} stands for the rest. */
  answers: [] as string[],
  progress: [] as string[],
  warnings: [] as string[],
  log: [] as string[],
  shown: [] as string[],
  configuration: new Map<string, unknown>(),
  statusBar: { text: '', visible: false },
  clipboard: '',
  /** The label or title that the user picks in the next dialog; undefined dismisses it. */
  answer: undefined as string | undefined,
  tools: new Map<string, unknown>(),
  mcpProvider: undefined as { provideMcpServerDefinitions(): unknown } | undefined,
  provider: undefined as { resolveWebviewView(view: unknown): void } | undefined,
};

const events = new NodeEmitter();
events.setMaxListeners(0);

export function resetFake(): void {
  for (const map of [fake.live, fake.commands, fake.context, fake.configuration, fake.secrets]) map.clear();
  for (const list of [fake.executed, fake.errors, fake.warnings, fake.log, fake.shown, fake.details, fake.answers]) {
    list.length = 0;
  }
  fake.progress.length = 0;
  fake.input = undefined;
  fake.chosenPath = undefined;
  fake.answer = undefined;
  fake.statusBar = { text: '', visible: false };
  workspace.workspaceFolders = undefined;
  workspace.isTrusted = true;
  window.activeTextEditor = undefined;
}

export function fire(event: string, argument?: unknown): void {
  events.emit(event, argument);
}

function track(kind: string, onDispose?: () => void): { dispose: () => void } {
  fake.live.set(kind, (fake.live.get(kind) ?? 0) + 1);
  let disposed = false;
  const dispose = (): void => {
    if (disposed) return;
    disposed = true;
    const left = (fake.live.get(kind) ?? 0) - 1;
    if (left === 0) fake.live.delete(kind);
    else fake.live.set(kind, left);
    onDispose?.();
  };
  return { dispose };
}

function event(name: string) {
  return (listener: (argument: unknown) => void) => {
    events.on(name, listener);
    return track(`event ${name}`, () => events.off(name, listener));
  };
}

export class Disposable {
  readonly dispose: () => void;
  constructor(dispose: () => void) {
    this.dispose = dispose;
  }
  static from(...parts: { dispose(): void }[]): Disposable {
    return new Disposable(() => parts.forEach((part) => part.dispose()));
  }
}

export class EventEmitter<T> {
  readonly #emitter = new NodeEmitter();
  readonly #tracked = track('emitter');
  readonly event = (listener: (value: T) => void) => {
    this.#emitter.on('fire', listener);
    return new Disposable(() => this.#emitter.off('fire', listener));
  };
  fire(value: T): void {
    this.#emitter.emit('fire', value);
  }
  dispose(): void {
    this.#tracked.dispose();
  }
}

export class Uri {
  readonly scheme: string;
  readonly path: string;
  constructor(scheme: string, path: string) {
    this.scheme = scheme;
    this.path = path;
  }
  get fsPath(): string {
    return this.path;
  }
  toString(): string {
    return `${this.scheme}://${this.path}`;
  }
  static file(path: string): Uri {
    return new Uri('file', path);
  }
  static from({ scheme, path }: { scheme: string; path: string }): Uri {
    return new Uri(scheme, path);
  }
  static joinPath(base: Uri, ...parts: string[]): Uri {
    return new Uri(base.scheme, [base.path.replace(/\/$/, ''), ...parts].join('/'));
  }
}

export class Position {
  readonly line: number;
  readonly character: number;
  constructor(line: number, character: number) {
    this.line = line;
    this.character = character;
  }
}
export class Range {
  readonly start: Position;
  readonly end: Position;
  constructor(a: Position | number, b: Position | number, c?: number, d?: number) {
    this.start = typeof a === 'number' ? new Position(a, b as number) : a;
    this.end = typeof a === 'number' ? new Position(c!, d!) : (b as Position);
  }
  get isEmpty(): boolean {
    return this.start.line === this.end.line && this.start.character === this.end.character;
  }
}
class Opaque {
  readonly parts: readonly unknown[];
  constructor(...parts: unknown[]) {
    this.parts = parts;
  }
}
export class ThemeColor extends Opaque {}
export class ThemeIcon extends Opaque {}
export class RelativePattern extends Opaque {}
export class TabInputText extends Opaque {}
export class MarkdownString {
  isTrusted: unknown;
  readonly value: string;
  constructor(value = '') {
    this.value = value;
  }
  appendText(): this {
    return this;
  }
  appendMarkdown(): this {
    return this;
  }
}
export const StatusBarAlignment = { Left: 1, Right: 2 };
export const ProgressLocation = { Window: 10, Notification: 15 };
export const QuickPickItemKind = { Separator: -1, Default: 0 };
export const ConfigurationTarget = { Global: 1, Workspace: 2, WorkspaceFolder: 3 };
export const TextEditorRevealType = { AtTop: 3, InCenterIfOutsideViewport: 2 };
export const ViewColumn = { Beside: -2 };
export const version = '1.0.0-fake';
export const env = {
  language: 'en',
  appName: 'Fake',
  remoteName: undefined,
  clipboard: {
    writeText: (text: string) => {
      fake.clipboard = text;
      return Promise.resolve();
    },
  },
};
export class CancellationError extends Error {}
export class LanguageModelTextPart {
  readonly value: string;
  constructor(value: string) {
    this.value = value;
  }
}
export class LanguageModelToolResult {
  readonly content: readonly unknown[];
  constructor(content: readonly unknown[]) {
    this.content = content;
  }
}
export class McpStdioServerDefinition {
  readonly label: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly version: string;
  constructor(
    label: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>>,
    version: string,
  ) {
    this.label = label;
    this.command = command;
    this.args = args;
    this.env = env;
    this.version = version;
  }
}
export const lm = {
  registerTool: (name: string, tool: unknown) => {
    fake.tools.set(name, tool);
    return track(`tool ${name}`, () => fake.tools.delete(name));
  },
  registerMcpServerDefinitionProvider: (id: string, provider: { provideMcpServerDefinitions(): unknown }) => {
    fake.mcpProvider = provider;
    return track(`mcp ${id}`, () => (fake.mcpProvider = undefined));
  },
};

export const l10n = {
  t: (message: string, ...args: unknown[]) =>
    message.replaceAll(/\{(\d+)\}/g, (_all, index: string) => String(args[Number(index)])),
};

export const commands = {
  registerCommand: (id: string, run: (...args: unknown[]) => unknown) => {
    fake.commands.set(id, run);
    return track(`command ${id}`, () => fake.commands.delete(id));
  },
  executeCommand: (id: string, ...args: unknown[]): Promise<unknown> => {
    fake.executed.push([id, ...args]);
    if (id === 'setContext') fake.context.set(args[0] as string, args[1]);
    return Promise.resolve(fake.commands.get(id)?.(...args));
  },
};

const line = (level: string) => (text: unknown) => void fake.log.push(`${level} ${String(text)}`);

/** The next of the user's answers if it is among these, else the standing one. */
function takeAnswer(offered: readonly string[]): string | undefined {
  const [next] = fake.answers;
  if (next === undefined || !offered.includes(next)) return fake.answer;
  fake.answers.shift();
  return next;
}

function message(kind: 'errors' | 'warnings') {
  return (text: string, ...rest: (string | { title?: string; detail?: string })[]): Promise<unknown> => {
    const titles = rest.map((item) => (typeof item === 'string' ? item : (item.title ?? '')));
    for (const item of rest) if (typeof item !== 'string' && item.detail !== undefined) fake.details.push(item.detail);
    if (kind === 'errors') fake.errors.push({ text, choices: titles });
    else fake.warnings.push(text);
    const index = titles.indexOf(takeAnswer(titles) ?? '\0');
    return Promise.resolve(rest[index]);
  };
}

export const window = {
  activeTextEditor: undefined as unknown,
  visibleTextEditors: [],
  tabGroups: { all: [], onDidChangeTabs: event('tabs') },
  createOutputChannel: () => ({
    ...track('output channel'),
    trace: line('trace'),
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    show: () => fake.shown.push('log'),
  }),
  createStatusBarItem: () => ({
    ...track('status bar item'),
    set text(text: string) {
      fake.statusBar.text = text;
    },
    show: () => (fake.statusBar.visible = true),
    hide: () => (fake.statusBar.visible = false),
  }),
  createTextEditorDecorationType: () => track('decoration type'),
  createQuickPick: () => {
    const noop = () => new Disposable(() => undefined);
    const names = [
      'onDidTriggerButton',
      'onDidChangeValue',
      'onDidChangeActive',
      'onDidAccept',
      'onDidTriggerItemButton',
      'onDidHide',
    ];
    const show = () => fake.shown.push('quick pick');
    return { ...track('quick pick'), ...Object.fromEntries(names.map((name) => [name, noop])), show, value: '' };
  },
  registerWebviewViewProvider: (_id: string, provider: { resolveWebviewView(view: unknown): void }) => {
    fake.provider = provider;
    return track('webview view provider');
  },
  onDidChangeActiveTextEditor: event('activeEditor'),
  onDidChangeVisibleTextEditors: event('visibleEditors'),
  showSaveDialog: (): Promise<undefined> => Promise.resolve(undefined),
  setStatusBarMessage: (text: string) => fake.shown.push(text),
  showErrorMessage: message('errors'),
  showWarningMessage: message('warnings'),
  showInformationMessage: message('warnings'),
  showOpenDialog: () => Promise.resolve(fake.chosenPath === undefined ? undefined : [Uri.file(fake.chosenPath)]),
  showInputBox: () => Promise.resolve(fake.input),
  showQuickPick: async (asked: readonly { label: string }[] | Promise<readonly { label: string }[]>) => {
    const items = await asked;
    fake.shown.push(`pick ${items.map(({ label }) => label).join(' / ')}`);
    const answer = takeAnswer(items.map(({ label }) => label));
    return items.find(({ label }) => label === answer);
  },
  showTextDocument: () => Promise.resolve(),
  withProgress: (_options: unknown, task: (progress: unknown, token: unknown) => unknown) =>
    task(
      { report: ({ message }: { message?: string }) => void fake.progress.push(message ?? '') },
      { onCancellationRequested: () => new Disposable(() => undefined) },
    ),
};

/** The secret storage of an extension context. */
export const secrets = {
  get: (key: string) => Promise.resolve(fake.secrets.get(key)),
  store: (key: string, value: string) => {
    fake.secrets.set(key, value);
    fire('secret', { key });
    return Promise.resolve();
  },
  delete: (key: string) => {
    fake.secrets.delete(key);
    fire('secret', { key });
    return Promise.resolve();
  },
  onDidChange: event('secret'),
};

function valueOf(key: string): unknown {
  if (fake.configuration.has(key)) return fake.configuration.get(key);
  return (settings as Readonly<Record<string, { readonly default: unknown }>>)[key]?.default;
}

export interface FakeFolder {
  readonly uri: Uri;
  readonly name: string;
}

export const workspace = {
  workspaceFolders: undefined as readonly FakeFolder[] | undefined,
  isTrusted: true,
  fs: { stat: () => Promise.resolve({}) },
  getConfiguration: (section?: string) => ({
    get: (key: string, standard?: unknown) => valueOf(section === undefined ? key : `${section}.${key}`) ?? standard,
    update: (key: string, value: unknown) => {
      fake.configuration.set(key, value);
      fire('configuration', { affectsConfiguration: () => true });
      return Promise.resolve();
    },
  }),
  getWorkspaceFolder: (uri: Uri) =>
    workspace.workspaceFolders?.find((folder) => uri.path.startsWith(`${folder.uri.path}/`)),
  createFileSystemWatcher: () => {
    // As in VS Code, the listeners of a watcher go with it.
    const listeners: { dispose(): void }[] = [];
    const onDidCreate = (listener: (uri: unknown) => void): void => {
      const hear = (uri: unknown): void => listener(uri);
      events.on('file', hear);
      listeners.push({ dispose: () => events.off('file', hear) });
    };
    const { dispose } = track('file watcher', () => listeners.forEach((listener) => listener.dispose()));
    return { dispose, onDidCreate, onDidChange: () => undefined, onDidDelete: () => undefined };
  },
  registerTextDocumentContentProvider: () => track('content provider'),
  onDidSaveTextDocument: event('saved'),
  onDidChangeConfiguration: event('configuration'),
  onDidChangeWorkspaceFolders: event('folders'),
  onDidGrantWorkspaceTrust: event('trust'),
};
export const extensions = { getExtension: (): undefined => undefined };
