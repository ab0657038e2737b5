import * as z from 'zod/mini';
import { maxQueryLength, searchModes, symbolKinds } from './search.ts';

/** Where a tool is offered: VS Code's Language Model API, or the MCP server. */
export type ToolHost = 'languageModel' | 'mcp';

/** Of the provider that tells VS Code of our MCP server. */
export const mcpProviderId = 'sextant.mcp';

/** One tool for agents: the single source of its manifest entry, of the MCP listing and of the check of its input. */
export interface ToolDefinition {
  readonly title: string;
  /** What follows `#` in VS Code's chat. */
  readonly referenceName: string;
  /** Codicon. */
  readonly icon: string;
  /** For the user, in the tool picker. */
  readonly description: string;
  /** For the model: when to use it and what comes back. */
  readonly modelDescription: string;
  readonly hosts: readonly ToolHost[];
  readonly input: z.ZodMiniObject;
}

const say = (description: string) => z.meta({ description });

export const defaultTokenBudget = 4000;
const tokenBudget = z.optional(
  z
    .int()
    .check(z.gte(200), z.lte(50_000), say(`Most tokens that the answer may take; ${defaultTokenBudget} when absent.`)),
);
const folder = z.optional(
  z
    .string()
    .check(
      z.minLength(1),
      say('Name or path of one workspace folder, where there are several; all of them when absent.'),
    ),
);
const limit = (fallback: number) =>
  z.optional(z.int().check(z.gte(1), z.lte(100), say(`Most results; ${fallback} when absent.`)));
const globs = z.optional(
  z
    .array(z.string())
    .check(
      z.maxLength(50),
      say(
        'Only files that match these globs, relative to the folder, such as `src/net` or `**/*.test.ts`; a leading `!` excludes.',
      ),
    ),
);
const languages = z.optional(
  z
    .array(z.string())
    .check(z.maxLength(50), say('Only these languages, by VS Code id, such as `typescript` or `python`.')),
);
const query = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(maxQueryLength),
    say('What to look for: a question in plain words, an identifier, or an error message.'),
  );
const line = (description: string) => z.int().check(z.gte(1), say(description));

export const defaultToolLimit = 10;

export const tools = {
  sextant_search: {
    title: 'Search Code by Meaning',
    referenceName: 'sextantSearch',
    icon: '$(search)',
    description: 'Finds code and docs in this workspace by meaning and by words.',
    modelDescription:
      'Searches the workspace by meaning and by words together, on a local index. Use it to find where something is done when the exact names are unknown ("where are sessions signed"), before reading files one by one; identifiers and error messages work too. Returns the best places first, each as path:first-last line with its symbol and the lines that matter most.',
    hosts: ['languageModel', 'mcp'],
    input: z.strictObject({
      query,
      scope: z.optional(
        z.array(z.enum(['code', 'docs'])).check(say('Only code, or only documentation; both when absent.')),
      ),
      languages,
      paths: globs,
      kinds: z.optional(
        z.array(z.enum(symbolKinds)).check(say('Only these kinds of symbols, such as `function` or `class`.')),
      ),
      mode: z.optional(
        z
          .enum(searchModes)
          .check(say('`hybrid` (default) for most questions, `semantic` for meaning only, `keyword` for words only.')),
      ),
      folder,
      limit: limit(defaultToolLimit),
      maxTokens: tokenBudget,
    }),
  },
  sextant_similar: {
    title: 'Find Similar Code',
    referenceName: 'sextantSimilar',
    icon: '$(references)',
    description: 'Finds code that does the same as the code at a place.',
    modelDescription:
      'Finds code that does the same as, or looks like, the code at a place in an indexed file: other implementations, copies, and existing helpers. Use it before writing something that may exist already and to find every place that needs the same change. Returns places as sextant_search does, the place itself left out.',
    hosts: ['languageModel', 'mcp'],
    input: z.strictObject({
      path: z
        .string()
        .check(z.minLength(1), say('The file: relative to its workspace folder as results give it, or absolute.')),
      startLine: line('First line, from 1.'),
      endLine: z.optional(line('Last line; the symbol around the first line when absent.')),
      languages,
      paths: globs,
      folder,
      limit: limit(defaultToolLimit),
      maxTokens: tokenBudget,
    }),
  },
  sextant_commits: {
    title: 'Search Commits by Meaning',
    referenceName: 'sextantCommits',
    icon: '$(git-commit)',
    description: 'Finds commits of this repository by what they did.',
    modelDescription:
      'Searches the messages of the repository’s commits by meaning and by words, on a local index. Use it to learn when and why something was changed. Returns the best commits first with hash, date and subject.',
    hosts: ['languageModel', 'mcp'],
    input: z.strictObject({ query, paths: globs, folder, limit: limit(defaultToolLimit), maxTokens: tokenBudget }),
  },
  index_status: {
    title: 'Index Status',
    referenceName: 'sextantStatus',
    icon: '$(info)',
    description: 'Says what is indexed and how far indexing has come.',
    modelDescription:
      'Says which folders are indexed, how many files and pieces of code, what share can be searched by meaning, and what is going on. Use it when results look incomplete.',
    hosts: ['mcp'],
    input: z.strictObject({}),
  },
} as const satisfies Record<string, ToolDefinition>;

export type ToolName = keyof typeof tools;
export type ToolInput<N extends ToolName> = z.infer<(typeof tools)[N]['input']>;

export const toolNames = Object.keys(tools) as readonly ToolName[];

/** JSON Schema (2020-12) of a tool's input, as manifests and protocols want it. */
export function toolInputSchema(name: ToolName): Readonly<Record<string, unknown>> {
  const schema = z.toJSONSchema(tools[name].input, { io: 'input' });
  return Object.fromEntries(Object.entries(schema).filter(([key]) => key !== '$schema'));
}
