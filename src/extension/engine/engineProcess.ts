import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import {
  CancellationTokenSource,
  createMessageConnection,
  IPCMessageReader,
  IPCMessageWriter,
  type MessageConnection,
} from 'vscode-jsonrpc/node';
import type {
  EngineMethod,
  EngineNotification,
  EngineNotifications,
  EngineParams,
  EngineResults,
  LogLine,
} from '../../shared/protocol.ts';
import { engineUnavailable } from './engineUnavailable.ts';
import { fromRpcError } from './fromRpcError.ts';

export interface EngineLaunch {
  /** Absolute path of the engine's entry file. */
  readonly entry: string;
  readonly args?: readonly string[];
  /** Added to the environment of this process. */
  readonly env?: Readonly<Record<string, string>>;
}

export interface EngineExit {
  readonly code: number | null;
  readonly signal: string | null;
  /** What the engine last wrote to stderr, for the log and the error's cause. */
  readonly lastWords: string;
}

type NotificationHandlers = {
  readonly [N in EngineNotification]: (params: EngineNotifications[N]) => void;
};

const keptStderrLines = 20;

/** glibc keeps a heap for each thread that allocates, and what parsers and encoders free stays there: a hundred megabytes in all. */
const fewHeaps = { MALLOC_ARENA_MAX: '2' };

/** One forked engine and the typed connection to it. Knows nothing of restarts. */
export class EngineProcess {
  readonly exited: Promise<EngineExit>;
  readonly #child: ChildProcess;
  readonly #connection: MessageConnection;
  readonly #stderr: string[] = [];
  #alive = true;

  constructor(launch: EngineLaunch, handlers: NotificationHandlers) {
    this.#child = fork(launch.entry, [...(launch.args ?? [])], {
      // Inherited flags such as --inspect would make the engine fight for the extension host's debug port.
      execArgv: [],
      env: { ...fewHeaps, ...process.env, ...launch.env, ELECTRON_RUN_AS_NODE: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const log = (level: LogLine['level'], message: string): void => handlers.log({ level, message });
    this.#readLines(this.#child.stdout, (line) => log('debug', line));
    this.#readLines(this.#child.stderr, (line) => {
      this.#stderr.push(line);
      if (this.#stderr.length > keptStderrLines) this.#stderr.shift();
      log('warn', line);
    });
    this.#connection = this.#connect(handlers, log);
    this.exited = this.#watchExit();
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /**
   * Sends one request. Rejects with a `SextantError`, or with the signal's reason as soon as it aborts; the engine is
   * then told to stop the work, and its late answer is dropped.
   */
  async request<M extends EngineMethod>(
    method: M,
    params: EngineParams<M>,
    signal?: AbortSignal,
  ): Promise<EngineResults[M]> {
    signal?.throwIfAborted();
    if (!this.#alive) throw engineUnavailable('The engine is not running.');
    const source = new CancellationTokenSource();
    const aborted = Promise.withResolvers<never>();
    const onAbort = (): void => {
      source.cancel();
      aborted.reject(signal?.reason as Error);
    };
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      const answer = this.#connection.sendRequest<EngineResults[M]>(method, params, source.token);
      return await Promise.race([answer, aborted.promise]);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw fromRpcError(error);
    } finally {
      signal?.removeEventListener('abort', onAbort);
      source.dispose();
    }
  }

  /** Ends the process at once; `exited` resolves soon after. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  #connect(handlers: NotificationHandlers, log: (level: LogLine['level'], message: string) => void): MessageConnection {
    const connection = createMessageConnection(new IPCMessageReader(this.#child), new IPCMessageWriter(this.#child), {
      error: (message) => log('error', message),
      warn: (message) => log('warn', message),
      info: (message) => log('info', message),
      log: (message) => log('debug', message),
    });
    for (const name of Object.keys(handlers) as EngineNotification[]) {
      connection.onNotification(name, (params: unknown) => handlers[name](params as never));
    }
    connection.onError(([error]) => log('error', `Engine channel: ${error.message}`));
    connection.listen();
    return connection;
  }

  #watchExit(): Promise<EngineExit> {
    return new Promise((resolve) => {
      const settle = (code: number | null, signal: string | null): void => {
        if (!this.#alive) return;
        this.#alive = false;
        // Rejects every request in flight.
        this.#connection.dispose();
        resolve({ code, signal, lastWords: this.#stderr.join('\n') });
      };
      this.#child.once('exit', settle);
      this.#child.once('error', (error) => {
        this.#stderr.push(error.message);
        if (this.#child.pid === undefined) settle(null, null);
      });
      // An engine that closes the channel can neither hear nor answer: the same as gone.
      this.#child.once('disconnect', () => this.kill());
    });
  }

  #readLines(stream: Readable | null, onLine: (line: string) => void): void {
    if (stream) createInterface({ input: stream }).on('line', onLine);
  }
}
