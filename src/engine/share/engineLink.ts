import { connect, type Socket } from 'node:net';
import {
  CancellationTokenSource,
  createMessageConnection,
  ResponseError,
  SocketMessageReader,
  SocketMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { deserializeError, SextantError } from '../../shared/errors.ts';
import { protocolVersion } from '../../shared/protocol.ts';
import type { EngineEntry } from './engineEntry.ts';
import type { ShareMethod, ShareParams, ShareResults } from './shareProtocol.ts';

const helloTimeoutMs = 3000;

function unavailable(cause?: unknown): SextantError {
  return new SextantError('engine_unavailable', 'The engine that has the index open went away.', { cause });
}

/** A connection to an engine in another process of this user. */
export class EngineLink {
  readonly entry: EngineEntry;
  readonly #socket: Socket;
  readonly #connection: MessageConnection;
  #alive = true;

  private constructor(entry: EngineEntry, socket: Socket) {
    this.entry = entry;
    this.#socket = socket;
    socket.on('error', () => undefined);
    this.#connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    socket.once('close', () => {
      this.#alive = false;
      // Rejects what is in flight.
      this.#connection.dispose();
    });
    this.#connection.listen();
  }

  /** @throws SextantError `engine_unavailable` when nobody answers, `protocol_mismatch` when it is of another version. */
  static async open(entry: EngineEntry): Promise<EngineLink> {
    if (entry.protocolVersion !== protocolVersion) {
      throw new SextantError('protocol_mismatch', 'The engine that has the index open is of another version.');
    }
    const socket = connect(entry.address);
    await new Promise<void>((resolve, reject) => {
      const fail = (cause?: unknown): void => {
        socket.destroy();
        reject(unavailable(cause));
      };
      const late = setTimeout(fail, helloTimeoutMs);
      socket.once('error', fail);
      socket.once('connect', () => {
        clearTimeout(late);
        socket.off('error', fail);
        resolve();
      });
    });
    const link = new EngineLink(entry, socket);
    try {
      const { token } = entry;
      await link.request('hello', { protocolVersion, token }, AbortSignal.timeout(helloTimeoutMs));
      return link;
    } catch (error) {
      link.dispose();
      throw error instanceof SextantError ? error : unavailable(error);
    }
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** @throws SextantError of the engine, `engine_unavailable` when it ends; the signal's reason as soon as it aborts. */
  async request<M extends ShareMethod>(
    method: M,
    params: ShareParams<M>,
    signal: AbortSignal,
  ): Promise<ShareResults[M]> {
    signal.throwIfAborted();
    if (!this.#alive) throw unavailable();
    const source = new CancellationTokenSource();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => {
      source.cancel();
      aborted.reject(signal.reason as Error);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([
        this.#connection.sendRequest<ShareResults[M]>(method, params, source.token),
        aborted.promise,
      ]);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ResponseError && typeof error.data === 'object') throw deserializeError(error.data);
      throw unavailable(error);
    } finally {
      signal.removeEventListener('abort', onAbort);
      source.dispose();
    }
  }

  dispose(): void {
    this.#socket.destroy();
  }
}
