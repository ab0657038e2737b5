import './runtime/keepWasmCode.ts';
import {
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import { SextantError } from '../shared/errors.ts';
import {
  engineRequests,
  protocolVersion,
  type EngineMethod,
  type EngineNotification,
  type EngineNotifications,
  type EngineParams,
  type EngineResults,
  type WorkspaceRoot,
} from '../shared/protocol.ts';
import { Engine } from './engine.ts';
import { finetuneHandlers } from './finetune/finetuneHandlers.ts';
import { moodHandlers } from './history/moodHandlers.ts';
import { withoutSecrets } from './secrets/withholdSecrets.ts';
import { EngineShare } from './share/engineShare.ts';
import { serveRequest } from './share/serveRequest.ts';
import { transferHandlers } from './transfer/transferHandlers.ts';
import { version } from './version.ts';

type Handlers = {
  readonly [M in EngineMethod]: (
    params: EngineParams<M>,
    signal: AbortSignal,
  ) => EngineResults[M] | Promise<EngineResults[M]>;
};

/** Serves one window over the IPC channel it was forked with, and ends with it. */
class EngineServer {
  readonly #connection: MessageConnection;
  #engine: Engine | undefined;
  #share: EngineShare | undefined;
  #storageDir = '';
  #roots: readonly WorkspaceRoot[] = [];

  constructor(connection: MessageConnection) {
    this.#connection = connection;
    const handlers = this.#handlers();
    for (const method of Object.keys(engineRequests) as EngineMethod[]) this.#serve(method, handlers);
    connection.onClose(() => void this.#exit(0));
    connection.listen();
  }

  notify<N extends EngineNotification>(name: N, params: EngineNotifications[N]): void {
    void this.#connection.sendNotification(name, params).catch(() => undefined);
  }

  #serve(method: EngineMethod, handlers: Handlers): void {
    const handler = handlers[method] as (params: unknown, signal: AbortSignal) => unknown;
    serveRequest<unknown>(this.#connection, method, engineRequests[method], handler);
  }

  get #ready(): Engine {
    if (this.#engine === undefined) throw new SextantError('engine_unavailable', 'The engine is not initialized.');
    return this.#engine;
  }

  #initialize({
    protocolVersion: wanted,
    storageDir,
    settings,
  }: EngineParams<'initialize'>): EngineResults['initialize'] {
    if (wanted !== protocolVersion) {
      throw new SextantError(
        'protocol_mismatch',
        `The engine speaks protocol ${protocolVersion}, the window protocol ${wanted}.`,
        { hint: 'Reload the window.' },
      );
    }
    if (this.#engine !== undefined) throw new SextantError('invalid_argument', 'The engine is initialized already.');
    this.#engine = new Engine({
      storageDir,
      settings,
      onStatus: (status) => this.notify('statusChanged', status),
      onModelProgress: (progress) => this.notify('modelProgress', progress),
      onHistory: (status) => this.notify('historyChanged', status),
      onMeasureProgress: (progress) => this.notify('measureProgress', progress),
      onFinetuneChange: (event) => this.notify('finetuneChanged', event),
      onLog: (line) => this.notify('log', line),
    });
    this.#storageDir = storageDir;
    this.#share = new EngineShare({
      engine: this.#engine,
      kind: 'window',
      storageDir,
      settings,
      onLog: (line) => this.notify('log', line),
    });
    return { protocolVersion, version, pid: process.pid };
  }

  #handlers(): Handlers {
    return {
      initialize: (params) => this.#initialize(params),
      ping: () => ({}),
      openRoots: async ({ roots }) => {
        this.#roots = roots;
        const status = await this.#ready.openRoots(roots);
        await this.#share?.setRoots(roots);
        return status;
      },
      updateSettings: async ({ settings }) => {
        await this.#share?.setSettings(settings);
        return this.#ready.updateSettings(settings);
      },
      search: async (request, signal) => withoutSecrets(await this.#ready.search(request, signal), request),
      similar: async (request, signal) => withoutSecrets(await this.#ready.similar(request, signal), request),
      duplicates: (request, signal) => this.#ready.duplicates(request, signal),
      status: () => this.#ready.status(),
      filesChanged: ({ paths }) => {
        this.#ready.filesChanged(paths);
        return {};
      },
      prioritize: ({ paths }) => {
        this.#ready.prioritize(paths);
        return {};
      },
      reindex: async ({ roots, fresh }) => {
        await this.#ready.reindex(roots, fresh);
        return {};
      },
      pause: () => {
        this.#ready.pause();
        return {};
      },
      resume: () => {
        this.#ready.resume();
        return {};
      },
      clear: async ({ roots }) => {
        await this.#ready.clear(roots);
        return {};
      },
      previewRemote: ({ roots }) => this.#ready.writeRemotePreview(roots),
      diagnostics: () => this.#ready.diagnostics(),
      listModels: () => this.#ready.models.list(),
      offerModel: ({ repository, revision, access }, signal) =>
        this.#ready.models.offer(repository, access, { signal, ...(revision === undefined ? {} : { revision }) }),
      searchHub: ({ query, access }, signal) => this.#ready.models.search(query, access, signal),
      addModel: (request, signal) => this.#ready.models.add(request, signal),
      importModel: ({ path, task, name }, signal) =>
        this.#ready.models.import(path, { task, signal, ...(name === undefined ? {} : { name }) }),
      removeModel: ({ id }) => this.#ready.models.remove(id),
      discardDownloads: () => this.#ready.models.discardDownloads(),
      ...moodHandlers(() => this.#ready.history),
      measure: (request, signal) => this.#ready.measure.measure(request, signal),
      ...finetuneHandlers(() => this.#ready.finetune),
      ...transferHandlers({
        engine: () => this.#ready,
        storageDir: () => this.#storageDir,
        roots: () => this.#roots,
      }),
      shutdown: () => {
        setImmediate(() => void this.#exit(0));
        return {};
      },
    };
  }

  /** A transaction that is cut here is rolled back on the next start, so leaving never waits for one. */
  async #exit(code: number): Promise<never> {
    this.#share?.dispose();
    await this.#engine?.dispose().catch(() => undefined);
    process.exit(code);
  }
}

if (process.send === undefined) {
  process.stderr.write(
    'This is the engine of Sextant; it is started by the extension. Use the command line instead.\n',
  );
  process.exit(2);
}

const server = new EngineServer(createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process)));
process.on('disconnect', () => process.exit(0));
process.on('uncaughtException', (error) => {
  server.notify('log', { level: 'error', message: error.stack ?? error.message });
  setTimeout(() => process.exit(70), 100);
});
