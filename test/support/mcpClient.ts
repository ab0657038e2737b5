import path from 'node:path';
import type { TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { Client, type CallToolResult, type Progress } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';

const entry = path.join(import.meta.dirname, '..', '..', 'src', 'cli', 'main.ts');

export interface McpClientOptions {
  /** Storage of the indexes, and where live engines make themselves known. */
  readonly home: string;
  readonly runtime: string;
  /** For `--dir`. */
  readonly dirs?: readonly string[];
  readonly cwd?: string;
  /** More of the command line. */
  readonly args?: readonly string[];
  /** Folders that the client grants; absent: it does not know of roots. */
  readonly roots?: readonly string[];
  /** `auto` asks for the newest revision of the protocol first; by default the client opens with `initialize`. */
  readonly era?: 'legacy' | 'auto';
}

export interface McpSession {
  readonly client: Client;
  readonly pid: () => number;
  /** Calls a tool; the text of the answer, whether it is an error, and the structured form. */
  readonly call: (name: string, input: object, options?: CallOptions) => Promise<CalledTool>;
  readonly setRoots: (folders: readonly string[]) => Promise<void>;
}

export interface CallOptions {
  readonly signal?: AbortSignal;
  readonly onprogress?: (progress: Progress) => void;
}

export interface CalledTool {
  readonly text: string;
  readonly isError: boolean;
  readonly structured: Readonly<Record<string, unknown>>;
}

function calledTool(result: CallToolResult): CalledTool {
  const [first] = result.content;
  return {
    text: first?.type === 'text' ? first.text : '',
    isError: result.isError === true,
    structured: (result.structuredContent ?? {}) as Readonly<Record<string, unknown>>,
  };
}

/** The SDK's own client on the real server, which runs as a process of its own and ends with the test. */
export async function mcpSession(t: TestContext, options: McpClientOptions): Promise<McpSession> {
  const { home, runtime, dirs = [], cwd, era = 'legacy' } = options;
  let { roots } = options;
  const capabilities = roots === undefined ? {} : { roots: { listChanged: true } };
  const client = new Client({ name: 'test', version: '1' }, { capabilities, versionNegotiation: { mode: era } });
  if (roots !== undefined) {
    client.setRequestHandler('roots/list', () => ({
      roots: (roots ?? []).map((folder) => ({ uri: pathToFileURL(folder).href })),
    }));
  }
  const transport = new StdioClientTransport({
    command: process.execPath,
    args: [entry, 'mcp', '--threads', '1', ...dirs.flatMap((dir) => ['--dir', dir]), ...(options.args ?? [])],
    env: { ...(process.env as Record<string, string>), SEXTANT_HOME: home, SEXTANT_RUNTIME_DIR: runtime },
    ...(cwd === undefined ? {} : { cwd }),
  });
  t.after(() => client.close());
  await client.connect(transport);
  return {
    client,
    pid: () => transport.pid!,
    call: async (name, input, callOptions) =>
      calledTool(await client.callTool({ name, arguments: { ...input } }, callOptions)),
    setRoots: async (folders) => {
      roots = folders;
      // eslint-disable-next-line @typescript-eslint/no-deprecated -- Clients of before 2026-07-28 send it.
      await client.sendRootsListChanged();
    },
  };
}
