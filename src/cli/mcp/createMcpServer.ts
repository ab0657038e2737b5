import {
  McpServer,
  type CallToolResult,
  type ServerContext,
  type StandardSchemaWithJSON,
} from '@modelcontextprotocol/server';
import type { IndexAccess } from '../../engine/share/indexAccess.ts';
import { version } from '../../engine/version.ts';
import { isCancellation, serializeError } from '../../shared/errors.ts';
import { runTool, type ToolCall } from '../../shared/runTool.ts';
import type { EngineStatus } from '../../shared/status.ts';
import { estimateTokens } from '../../shared/toolAnswer.ts';
import { parseToolInput } from '../../shared/toolInput.ts';
import { toolInputSchema, toolNames, tools, type ToolName } from '../../shared/tools.ts';
import { accessBackend } from './accessBackend.ts';
import { allowedFolders } from './allowedFolders.ts';
import { ClientRoots } from './clientRoots.ts';
import { progressReporter } from './progressReporter.ts';

const instructions =
  'Sextant searches the code of this workspace by meaning, on a local index. Ask `sextant_search` where something is done before reading files one by one; `sextant_similar` finds copies and existing helpers.';

/** Which tokenizer the model behind a client has is not known here. */
const reader = { countTokens: estimateTokens, countStructured: true };

export interface McpOptions {
  readonly access: IndexAccess;
  /** Folders given with `--dir`, links resolved. */
  readonly folders: readonly string[];
  readonly cwd: string;
  /** Returns the function that unsubscribes. */
  readonly onStatus: (listener: (status: EngineStatus) => void) => () => void;
}

/** The schema as the SDK lists it. What comes in is checked by {@link parseToolInput}, whose messages a model can act on. */
function inputSchema(name: ToolName): StandardSchemaWithJSON<unknown, unknown> {
  const jsonSchema = (): Record<string, unknown> => ({ ...toolInputSchema(name) });
  return {
    '~standard': {
      version: 1,
      vendor: 'sextant',
      validate: (value: unknown) => ({ value }),
      jsonSchema: { input: jsonSchema, output: jsonSchema },
    },
  };
}

function failure(error: unknown): CallToolResult {
  const { code, message, hint } = serializeError(error);
  const text = hint === undefined ? message : `${message} ${hint}`;
  return { isError: true, content: [{ type: 'text', text }], structuredContent: { error: { code, message: text } } };
}

/** An MCP server with the tools of `shared/tools.ts`; one is made for each connection. */
export function createMcpServer({ access, folders, cwd, onStatus }: McpOptions): McpServer {
  const server = new McpServer(
    { name: 'sextant', title: 'Sextant: find code by meaning', version },
    { capabilities: { tools: {} }, instructions },
  );
  const roots = new ClientRoots(server);
  const call = async (name: ToolName, input: unknown, context: ServerContext) => {
    const { signal } = context.mcpReq;
    try {
      const parsed = { name, input: parseToolInput(name, input) } as ToolCall as Parameters<typeof runTool>[0];
      const granted = await roots.of(context);
      if ('ask' in granted) return granted.ask;
      const allowed = allowedFolders(folders, granted.uris, cwd);
      const unsubscribe = onStatus(progressReporter(context, allowed));
      try {
        const { text, structured } = await runTool(parsed, accessBackend(access, allowed), reader, signal);
        return { content: [{ type: 'text' as const, text }], structuredContent: { ...structured } };
      } finally {
        unsubscribe();
      }
    } catch (error) {
      if (isCancellation(error)) signal.throwIfAborted();
      return failure(error);
    }
  };
  for (const name of toolNames) {
    const { title, modelDescription, hosts } = tools[name];
    if (!(hosts as readonly string[]).includes('mcp')) continue;
    server.registerTool(
      name,
      {
        title,
        description: modelDescription,
        inputSchema: inputSchema(name),
        annotations: { title, readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false },
      },
      (input: unknown, context: ServerContext) => call(name, input, context),
    );
  }
  return server;
}
