/**
 * An engine that speaks the protocol and misbehaves on request: `fakeEngine.ts BEHAVIOUR [FILE]`, or the variables
 * FAKE_ENGINE and FAKE_ENGINE_NOTES. Starts and calls are noted in FILE, so that tests can count them. Queries steer single requests; see `search`.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import {
  createMessageConnection,
  ErrorCodes,
  IPCMessageReader,
  IPCMessageWriter,
  ResponseError,
  type CancellationToken,
} from 'vscode-jsonrpc/node';
import { serializeError, SextantError } from '../../src/shared/errors.ts';
import { protocolVersion, type EngineParams } from '../../src/shared/protocol.ts';
import type { SearchResponse } from '../../src/shared/search.ts';
import type { EngineStatus } from '../../src/shared/status.ts';

const [behaviour = process.env['FAKE_ENGINE'] ?? 'good', log = process.env['FAKE_ENGINE_NOTES']] =
  process.argv.slice(2);

function note(line: string): void {
  if (log !== undefined) appendFileSync(log, `${line}\n`);
}

function starts(): number {
  return log === undefined
    ? 1
    : readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith('start ')).length;
}

function hang(): never {
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1_000);
}

function fail(error: unknown): ResponseError<unknown> {
  return new ResponseError(ErrorCodes.InternalError, 'request failed', serializeError(error));
}

let paused = false;
let roots: EngineParams<'openRoots'>['roots'] = [];

function status(): EngineStatus {
  return {
    paused,
    roots: roots.map(({ uri, name }) => ({
      root: uri,
      name,
      phase: 'ready',
      files: 1,
      chunks: 2,
      embedded: 2,
      skipped: {},
      degraded: 0,
    })),
  };
}

async function search(
  { query }: EngineParams<'search'>,
  token: CancellationToken,
): Promise<SearchResponse | ResponseError<unknown>> {
  if (query === 'crash') process.exit(7);
  if (query === 'crash once' && starts() === 1) process.exit(7);
  if (query === 'hang') hang();
  if (query === 'fail') return fail(new SextantError('index_missing', 'No index.', { hint: 'Make one.' }));
  if (query === 'wait') {
    await new Promise<void>((resolve) => token.onCancellationRequested(() => resolve()));
    note('cancelled');
    return fail(new SextantError('cancelled', 'Cancelled.'));
  }
  return {
    query,
    mode: 'keyword',
    tookMs: { embed: 0, search: 0, total: 0 },
    results: [],
    more: false,
    embeddedShare: 1,
    notice: `settings ${settings?.threads ?? 'none'}, roots ${roots.length}, paused ${paused}`,
  };
}

let settings: EngineParams<'initialize'>['settings'] | undefined;

function serve(): void {
  const connection = createMessageConnection(new IPCMessageReader(process), new IPCMessageWriter(process));
  connection.onRequest('initialize', (params: EngineParams<'initialize'>) => {
    if (behaviour === 'silent') return new Promise(() => undefined);
    if (behaviour === 'refuses') return fail(new SextantError('disk_full', 'No space.', { hint: 'Make some.' }));
    settings = params.settings;
    if (behaviour === 'nonsense') return { hello: 'there' };
    return { protocolVersion: protocolVersion + (behaviour === 'newer' ? 1 : 0), version: '0.0.0', pid: process.pid };
  });
  connection.onRequest('ping', () => (behaviour === 'deaf' ? new Promise(() => undefined) : {}));
  connection.onRequest('openRoots', (params: EngineParams<'openRoots'>) => {
    if (behaviour === 'rootless') return fail(new Error('cannot open'));
    roots = params.roots;
    return status();
  });
  connection.onRequest('updateSettings', (params: EngineParams<'updateSettings'>) => {
    settings = params.settings;
    return status();
  });
  connection.onRequest('search', search);
  for (const method of ['resume', 'reindex', 'clear', 'filesChanged', 'prioritize', 'duplicates']) {
    connection.onRequest(method, (params: unknown): object => {
      note(`${method} ${JSON.stringify(params)}`);
      if (method === 'resume') paused = false;
      return method === 'duplicates' ? { groups: [], embeddedShare: 1 } : {};
    });
  }
  connection.onRequest('similar', (params: EngineParams<'similar'>, token: CancellationToken) => {
    note(`similar ${JSON.stringify(params.location)}`);
    return search({ query: '', mode: 'hybrid', limit: 1, filters: {} }, token);
  });
  connection.onRequest('pause', () => {
    paused = true;
    void connection.sendNotification('statusChanged', status());
    return {};
  });
  connection.onRequest('shutdown', () => {
    note('shutdown');
    if (behaviour === 'stubborn') return {};
    setImmediate(() => process.exit(0));
    return {};
  });
  connection.listen();
  void connection.sendNotification('log', { level: 'info', message: 'fake engine', data: { behaviour } });
}

note(`start ${process.pid}`);
const crashes = Number(/^crash(\d+)$/.exec(behaviour)?.[1] ?? 0);
if (starts() <= crashes) {
  process.stderr.write('cannot load the model\n', () => process.exit(3));
} else {
  if (behaviour === 'garbage') {
    for (const message of ['not json-rpc', 42, { jsonrpc: '2.0' }, { jsonrpc: '2.0', id: 99, result: 1 }, []]) {
      process.send?.(message);
    }
    process.stdout.write('\u0000\u0001 noise on stdout\n');
  }
  serve();
}
if (behaviour !== 'stubborn') process.on('disconnect', () => process.exit(0));
else setInterval(() => undefined, 1_000);
