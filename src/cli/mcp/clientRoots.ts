import {
  CLIENT_CAPABILITIES_META_KEY,
  inputRequired,
  type InputRequiredResult,
  type McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import * as z from 'zod/mini';

const rootsSchema = z.object({ roots: z.array(z.object({ uri: z.string() })) });
const envelopeSchema = z.object({
  [CLIENT_CAPABILITIES_META_KEY]: z.optional(z.object({ roots: z.optional(z.unknown()) })),
});

/** The client is asked no longer than this for its roots. */
const timeoutMs = 10_000;

export type RootsAnswer =
  /** URIs of the client's roots; undefined for a client that does not know of roots. */
  | { readonly uris: readonly string[] | undefined }
  /** The client must be asked first: what to return to it. */
  | { readonly ask: InputRequiredResult };

/**
 * The roots that the client of an {@link McpServer} grants. Since revision 2026-07-28 of the protocol a server asks by its
 * answer and the client repeats the call; before, it sends a request of its own.
 */
export class ClientRoots {
  readonly #server: McpServer;
  #known: Promise<readonly string[]> | undefined;

  constructor(server: McpServer) {
    this.#server = server;
    server.server.setNotificationHandler('notifications/roots/list_changed', () => {
      this.#known = undefined;
    });
  }

  async of(context: ServerContext): Promise<RootsAnswer> {
    const { envelope, inputResponses } = context.mcpReq;
    if (envelope === undefined) return { uris: await this.#request() };
    const knowsRoots = envelopeSchema.safeParse(envelope).data?.[CLIENT_CAPABILITIES_META_KEY]?.roots !== undefined;
    if (!knowsRoots) return { uris: undefined };
    const answer = rootsSchema.safeParse(inputResponses?.['roots']);
    if (answer.success) return { uris: answer.data.roots.map(({ uri }) => uri) };
    if (inputResponses !== undefined) return { uris: [] };
    return { ask: inputRequired({ inputRequests: { roots: inputRequired.listRoots() } }) };
  }

  /** One request for all calls until the client says that its roots have changed. A client that fails to answer grants none. */
  async #request(): Promise<readonly string[] | undefined> {
    const { server } = this.#server;
    /* eslint-disable @typescript-eslint/no-deprecated -- The only way with clients of before 2026-07-28, which most are. */
    if (server.getClientCapabilities()?.roots === undefined) return undefined;
    this.#known ??= server
      .listRoots(undefined, { timeout: timeoutMs })
      .then(({ roots }) => roots.map(({ uri }) => uri));
    /* eslint-enable @typescript-eslint/no-deprecated */
    try {
      return await this.#known;
    } catch {
      this.#known = undefined;
      return [];
    }
  }
}
