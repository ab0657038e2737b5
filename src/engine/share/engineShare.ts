import { withoutSecrets } from '../../shared/agentSettings.ts';
import { randomBytes, timingSafeEqual } from 'node:crypto';
import { chmodSync, realpathSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { createMessageConnection, SocketMessageReader, SocketMessageWriter } from 'vscode-jsonrpc/node';
import { SextantError } from '../../shared/errors.ts';
import { protocolVersion, type EngineSettings, type LogLine, type WorkspaceRoot } from '../../shared/protocol.ts';
import { version } from '../version.ts';
import { entryFile, removeEntry, writeEntry, type EngineEntry } from './engineEntry.ts';
import { runtimeFolder, securedFolder, socketAddress } from './runtimeFolder.ts';
import { serveRequest } from './serveRequest.ts';
import { shareHandlers, type Refresh, type SharedEngine, type ShareHandlers } from './shareHandlers.ts';
import { shareRequests } from './shareProtocol.ts';

/** A peer that has not proved that it may be here by then is cut off. */
const helloTimeoutMs = 5000;
const refusalMs = 100;

export interface EngineShareOptions {
  readonly engine: SharedEngine;
  readonly kind: EngineEntry['kind'];
  readonly storageDir: string;
  readonly settings: EngineSettings;
  /** Brings roots in step with the disk; by default every file is looked at. */
  readonly refresh?: Refresh;
  readonly onLog?: (line: LogLine) => void;
}

function realPath(root: string): string {
  try {
    return realpathSync(root);
  } catch {
    return root;
  }
}

/**
 * Lets the other processes of this user ask an engine that has an index open, so that none of them opens it a second time. It is
 * found by an entry in the user's runtime folder and reached over a socket; both are the owner's alone, and the entry holds a
 * token that the peer must name. Sharing is a favour: where it cannot be had the engine works on without.
 */
export class EngineShare {
  readonly #options: EngineShareOptions;
  readonly #id = `${process.pid}-${randomBytes(4).toString('hex')}`;
  readonly #token = randomBytes(32).toString('base64url');
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #starting: Promise<string | undefined> | undefined;
  #file: string | undefined;
  #address = '';
  #settings: EngineSettings;
  #roots: readonly WorkspaceRoot[] = [];
  #disposed = false;

  constructor(options: EngineShareOptions) {
    this.#options = options;
    this.#settings = options.settings;
  }

  /** These roots are open now. Begins to listen with the first. */
  async setRoots(roots: readonly WorkspaceRoot[]): Promise<void> {
    this.#roots = roots.map((root) => ({ ...root, path: realPath(root.path) }));
    await this.#publish();
  }

  async setSettings(settings: EngineSettings): Promise<void> {
    this.#settings = settings;
    await this.#publish();
  }

  dispose(): void {
    this.#disposed = true;
    if (this.#file !== undefined) removeEntry(this.#file, this.#address);
    for (const socket of this.#sockets) socket.destroy();
    this.#server?.close();
    this.#server = undefined;
  }

  async #publish(): Promise<void> {
    if (this.#disposed || (this.#roots.length === 0 && this.#file === undefined)) return;
    try {
      this.#starting ??= this.#listen();
      const file = await this.#starting;
      if (file === undefined) return;
      this.#file = file;
      const { kind, storageDir } = this.#options;
      const self = { protocolVersion, pid: process.pid, kind, address: this.#address, token: this.#token, storageDir };
      writeEntry(file, { ...self, settings: withoutSecrets(this.#settings), roots: [...this.#roots] });
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#options.onLog?.({ level: 'warn', message: `Other processes cannot use this engine: ${reason}` });
    }
  }

  /** The file for the entry; undefined when disposed meanwhile. */
  async #listen(): Promise<string | undefined> {
    const folder = securedFolder(runtimeFolder());
    this.#address = socketAddress(folder, this.#id);
    const server = createServer((socket) => this.#accept(socket));
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#address, resolve);
    });
    if (process.platform !== 'win32') chmodSync(this.#address, 0o600);
    server.on('error', () => undefined);
    // Whoever holds an engine decides how long the process lives.
    server.unref();
    process.once('exit', () => this.dispose());
    if (this.#disposed) {
      server.close();
      return undefined;
    }
    this.#server = server;
    return entryFile(folder, this.#id);
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    const connection = createMessageConnection(new SocketMessageReader(socket), new SocketMessageWriter(socket));
    let known = false;
    const late = setTimeout(() => socket.destroy(), helloTimeoutMs);
    socket.once('close', () => {
      clearTimeout(late);
      this.#sockets.delete(socket);
      connection.dispose();
    });
    serveRequest(connection, 'hello', shareRequests.hello, (hello) => {
      if (!this.#isTrue(hello.token) || hello.protocolVersion !== protocolVersion) {
        // Once the refusal is on its way.
        setTimeout(() => socket.destroy(), refusalMs);
        throw new SextantError(
          'protocol_mismatch',
          'The engine belongs to another version of Sextant, or to somebody else.',
        );
      }
      known = true;
      clearTimeout(late);
      return { version, pid: process.pid };
    });
    const handlers = shareHandlers(this.#options.engine, this.#options.refresh);
    for (const method of Object.keys(handlers) as (keyof ShareHandlers)[]) {
      const handler = handlers[method] as (params: unknown, signal: AbortSignal) => unknown;
      serveRequest<unknown>(connection, method, shareRequests[method], (params, signal) => {
        if (!known) throw new SextantError('engine_unavailable', 'Say hello first.');
        return handler(params, signal);
      });
    }
    connection.listen();
  }

  #isTrue(token: string): boolean {
    const [given, own] = [Buffer.from(token), Buffer.from(this.#token)];
    return given.length === own.length && timingSafeEqual(given, own);
  }
}
