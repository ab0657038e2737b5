/** One setting: the single source of its manifest entry and of the snapshot read at run time. */
export interface SettingDefinition<T> {
  readonly default: T;
  readonly scope: 'resource' | 'window' | 'machine' | 'machine-overridable' | 'application';
  readonly description: string;
  /** Restricted settings are ignored from an untrusted workspace's own configuration. */
  readonly restricted?: true;
  readonly enum?: readonly T[];
  readonly enumDescriptions?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly itemType?: 'string';
}

function define<T>(definition: SettingDefinition<T>): SettingDefinition<T> {
  return definition;
}

export const settings = {
  'sextant.index.automatic': define<boolean>({
    default: true,
    scope: 'resource',
    description: 'Index the workspace when it opens. When off, run **Sextant: Re-index** to start.',
  }),
  'sextant.index.exclude': define<readonly string[]>({
    default: [],
    scope: 'resource',
    itemType: 'string',
    description:
      'Globs that are never indexed, besides `.gitignore`, `.sextantignore`, `#files.exclude#` and `#search.exclude#`.',
  }),
  'sextant.index.useIgnoreFiles': define<boolean>({
    default: true,
    scope: 'resource',
    description:
      'Leave out what `.gitignore` files and git’s global excludes leave out. `.sextantignore` always counts.',
  }),
  'sextant.index.maxFileSizeKB': define<number>({
    default: 1024,
    scope: 'resource',
    minimum: 1,
    maximum: 65536,
    description: 'Files larger than this are not indexed, in kilobytes.',
  }),
  'sextant.search.mode': define<'hybrid' | 'semantic' | 'keyword'>({
    default: 'hybrid',
    scope: 'window',
    enum: ['hybrid', 'semantic', 'keyword'],
    enumDescriptions: [
      'Meaning and words together: the best answer for most questions.',
      'Meaning only: finds code that shares no word with the question.',
      'Words only: never waits for the model.',
    ],
    description: 'How a new search is run.',
  }),
  'sextant.search.maxResults': define<number>({
    default: 30,
    scope: 'window',
    minimum: 5,
    maximum: 200,
    description: 'How many results a search shows before scrolling fetches more.',
  }),
  'sextant.commits.limit': define<number>({
    default: 20_000,
    scope: 'window',
    minimum: 0,
    maximum: 1_000_000,
    description:
      'The newest so many commits of each repository can be searched and have their mood told. 0: none are read.',
  }),
  'sextant.duplicates.threshold': define<number>({
    default: 0.92,
    scope: 'window',
    minimum: 0.5,
    maximum: 1,
    description: 'Similarity from which **Sextant: Find Duplicates** groups two pieces of code, from 0.5 to 1.',
  }),
  'sextant.model.path': define<string>({
    default: '',
    scope: 'machine',
    restricted: true,
    description:
      'Folder of the embedding model, as **Sextant: Select Model** chooses it. Empty: the model that ships with Sextant. A new model builds a new index beside the old one.',
  }),
  'sextant.model.hubEndpoint': define<string>({
    default: '',
    scope: 'machine',
    restricted: true,
    description:
      'Address of the model hub or a mirror of it. Empty: `HF_ENDPOINT`, else https://huggingface.co. Proxy and certificates follow the `http.*` settings.',
  }),
  'sextant.remote.url': define<string>({
    default: '',
    scope: 'machine',
    restricted: true,
    description:
      'Address of an OpenAI-compatible embedding server, such as `http://gpu-box:8080/v1`. **Code of your workspaces is sent there**, except what looks like a secret; run **Sextant: Show What Would Be Sent** first. Empty: everything stays on this machine.',
  }),
  'sextant.remote.model': define<string>({
    default: '',
    scope: 'machine',
    restricted: true,
    description: 'Name of the model at the embedding server. Empty: the only one that the server lists.',
  }),
  'sextant.remote.dimensions': define<number>({
    default: 0,
    scope: 'machine',
    restricted: true,
    minimum: 0,
    maximum: 65536,
    description: 'Dimensions to ask the embedding server for. 0: what the model gives.',
  }),
  'sextant.remote.queryPrefix': define<string>({
    default: '',
    scope: 'machine',
    restricted: true,
    description: 'What the model at the server wants before a question, such as `search_query: `.',
  }),
  'sextant.remote.documentPrefix': define<string>({
    default: '',
    scope: 'machine',
    restricted: true,
    description: 'What the model at the server wants before a document, such as `search_document: `.',
  }),
  'sextant.remote.concurrency': define<number>({
    default: 4,
    scope: 'machine',
    restricted: true,
    minimum: 1,
    maximum: 64,
    description: 'Requests to the embedding server at the same time, at most; fewer while it is overloaded.',
  }),
  'sextant.team.url': define<string>({
    default: '',
    scope: 'machine',
    restricted: true,
    description:
      'Address of an index on PostgreSQL that a team shares, such as `postgres://reader@db.example:5432/sextant`; the password with **Sextant: Set Shared Index Password**. Files that are the same there are searched there, only what you edit is indexed here. Empty: this machine only.',
  }),
  'sextant.team.view': define<string>({
    default: 'main',
    scope: 'machine',
    restricted: true,
    description:
      'Which state of the repository to search in the shared index, as `sextant index --store … --view` named it.',
  }),
  'sextant.runtime.backend': define<'auto' | 'cpu' | 'cuda' | 'directml' | 'coreml' | 'webgpu'>({
    default: 'auto',
    scope: 'machine',
    restricted: true,
    enum: ['auto', 'cpu', 'cuda', 'directml', 'coreml', 'webgpu'],
    enumDescriptions: [
      'CUDA where it works, else the CPU.',
      'Always the CPU.',
      'CUDA, or an error that says why not.',
      'DirectML of ONNX Runtime (Windows), once it agrees with the CPU. Experimental.',
      'Core ML of ONNX Runtime (macOS), once it agrees with the CPU. Experimental.',
      'WebGPU of ONNX Runtime, once it agrees with the CPU. Experimental.',
    ],
    description: 'What runs the model. The status bar shows which one is in use.',
  }),
  'sextant.runtime.precision': define<'float32' | 'int8'>({
    default: 'float32',
    scope: 'machine',
    restricted: true,
    enum: ['float32', 'int8'],
    enumDescriptions: [
      'Exact.',
      'Linear layers in 8-bit integers: faster on most processors, rankings differ a little. Builds an index of its own.',
    ],
    description: 'How the CPU multiplies.',
  }),
  'sextant.runtime.threads': define<number>({
    default: 0,
    scope: 'machine',
    restricted: true,
    minimum: 0,
    maximum: 256,
    description: 'CPU threads for the model. 0 uses half of the cores while indexing.',
  }),
  'sextant.runtime.gpuMemoryMB': define<number>({
    default: 0,
    scope: 'machine',
    restricted: true,
    minimum: 0,
    maximum: 1048576,
    description: 'GPU memory a model may take with CUDA, in megabytes. 0 uses up to half of the card’s.',
  }),
  'sextant.agents.mcpServer': define<boolean>({
    default: true,
    scope: 'window',
    description:
      'Tell VS Code of the MCP server of Sextant, so that agents that speak the Model Context Protocol can search this workspace.',
  }),
} as const;

export type SettingKey = keyof typeof settings;
export type SettingValue<K extends SettingKey> = (typeof settings)[K] extends SettingDefinition<infer T> ? T : never;

/**
 * The value that is used where the user wrote `value`, which VS Code hands on unchecked: the nearest allowed number; the default for
 * what is of another type or not among the choices.
 */
export function usableSetting<K extends SettingKey>(key: K, value: unknown): SettingValue<K> {
  const definition: SettingDefinition<unknown> = settings[key];
  return usable(definition, value) as SettingValue<K>;
}

function usable(
  { default: fallback, enum: choices, minimum, maximum }: SettingDefinition<unknown>,
  value: unknown,
): unknown {
  if (Array.isArray(fallback))
    return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : fallback;
  if (typeof value !== typeof fallback || choices?.includes(value) === false) return fallback;
  if (typeof value !== 'number') return value;
  if (Number.isNaN(value)) return fallback;
  const whole = Number.isInteger(fallback) ? Math.round(value) : value;
  return Math.min(maximum ?? Infinity, Math.max(minimum ?? -Infinity, whole));
}
