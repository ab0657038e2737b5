import assert from 'node:assert/strict';
import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { EngineClient } from '../../../src/extension/engine/engineClient.ts';
import {
  defaultEngineSettings,
  protocolVersion,
  type LogLine,
  type WorkspaceRoot,
} from '../../../src/shared/protocol.ts';
import type { SearchRequest, SearchResult } from '../../../src/shared/search.ts';
import { isAlive } from '../../support/engineHarness.ts';
import { engineEntry, realEngine, shutdownTimeoutMs } from '../../support/realEngine.ts';
import { waitFor } from '../../support/waitFor.ts';

const fixture = path.join(import.meta.dirname, '..', '..', 'fixtures', 'workspace');

interface Window {
  readonly client: EngineClient;
  readonly root: WorkspaceRoot;
  readonly log: LogLine[];
  readonly pid: () => number;
  readonly find: (query: string) => Promise<readonly SearchResult[]>;
}

/** A client over the real engine with one root, a copy of the fixture workspace. */
async function openWindow(t: TestContext): Promise<Window> {
  const { client, home, log } = realEngine(t);
  const folder = path.join(home, 'workspace');
  await cp(fixture, folder, { recursive: true });
  const root = { uri: pathToFileURL(folder).href, path: folder, name: 'workspace' };
  await client.setRoots([root]);
  const pid = (): number => {
    const { state } = client;
    assert.ok(state.kind === 'running');
    return state.pid;
  };
  const find = async (query: string): Promise<readonly SearchResult[]> => {
    const request: SearchRequest = { query, mode: 'keyword', limit: 20, filters: {} };
    return (await client.request('search', request)).results;
  };
  return { client, root, log, pid, find };
}

function untilFound({ find, log }: Window, query: string, file: string): Promise<unknown> {
  const what = `«${query}» to find ${file}; ${JSON.stringify(log.slice(-3))}`;
  return waitFor(what, async () => (await find(query)).some((result) => result.path === file), 60_000);
}

describe('the real engine behind the client', () => {
  test('what a folder leaves out stays out when a setting of the engine changes', async (t) => {
    const window = await openWindow(t);
    const { client, root, find } = window;
    client.start();
    await untilFound(window, 'signSession', 'src/auth/session.ts');
    const { exclude, useGitignore, maxFileSizeBytes } = defaultEngineSettings;
    const settings = { exclude: [...exclude, 'src/auth/**'], useGitignore, maxFileSizeBytes };
    await client.setRoots([{ ...root, settings }]);
    const isThere = async (): Promise<boolean> =>
      (await find('signSession')).some(({ path: file }) => file.startsWith('src/auth/'));
    await waitFor('the folder to be left out', async () => !(await isThere()), 60_000);
    await client.setSettings({ ...defaultEngineSettings, threads: 1 });
    const file = path.join(root.path, 'src', 'lighthouse.ts');
    await writeFile(file, 'export function lightTheLamp() {\n  return "lamp";\n}\n');
    await client.tell('filesChanged', { paths: [file] });
    await untilFound(window, 'lightTheLamp', 'src/lighthouse.ts');
    await client.request('status', {});
    assert.equal(await isThere(), false);
  });

  test('opens a root, indexes it, answers, and follows a change', async (t) => {
    const window = await openWindow(t);
    window.client.start();
    await untilFound(window, 'signSession', 'src/auth/session.ts');
    const file = path.join(window.root.path, 'src', 'beacon.ts');
    await writeFile(file, 'export function rotateLighthouseLamp() {}\n');
    await window.client.tell('filesChanged', { paths: [file] });
    await untilFound(window, 'rotateLighthouseLamp', 'src/beacon.ts');
    // What is found is in the index; the status follows at its own pace.
    await waitFor('the status to count the files', () => {
      const [status] = window.client.status?.roots ?? [];
      return status?.name === 'workspace' && (status.languages?.['typescript'] ?? 0) > 5;
    });
  });

  test('killed, it comes back with what was indexed', async (t) => {
    const window = await openWindow(t);
    await untilFound(window, 'signSession', 'src/auth/session.ts');
    const pid = window.pid();
    process.kill(pid, 'SIGKILL');
    await untilFound(window, 'signSession', 'src/auth/session.ts');
    assert.notEqual(window.pid(), pid);
    assert.equal(isAlive(pid), false);
  });

  test('leaves on shutdown, without being killed', async (t) => {
    const window = await openWindow(t);
    await untilFound(window, 'signSession', 'src/auth/session.ts');
    const pid = window.pid();
    const started = performance.now();
    await window.client.dispose();
    assert.equal(isAlive(pid), false);
    assert.ok(performance.now() - started < shutdownTimeoutMs, 'it was killed');
  });

  test('refuses bad parameters with a typed error and lives on', async (t) => {
    const window = await openWindow(t);
    const search = { query: 'a', mode: 'keyword', limit: 10, filters: {} } as const;
    await assert.rejects(window.client.request('search', { ...search, limit: -1 }), { code: 'invalid_argument' });
    const gone = { root: 'file:///nowhere', path: 'a.ts', startLine: 1, endLine: 1 };
    await assert.rejects(window.client.request('similar', { location: gone, limit: 5, filters: {} }), {
      name: 'SextantError',
    });
    assert.ok(Array.isArray((await window.client.request('search', search)).results));
  });

  test('a cancelled search rejects at once and the engine lives on', async (t) => {
    const window = await openWindow(t);
    await untilFound(window, 'signSession', 'src/auth/session.ts');
    const abort = new AbortController();
    const search = { query: 'retry', mode: 'keyword', limit: 10, filters: {} } as const;
    const answer = window.client.request('search', search, abort.signal);
    abort.abort();
    await assert.rejects(answer, { name: 'AbortError' });
    assert.ok((await window.find('retry')).length > 0);
  });
});

describe('the real engine on its own', () => {
  function forked(t: TestContext): ChildProcess {
    const child = fork(engineEntry, [], { execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
    t.after(() => child.kill('SIGKILL'));
    return child;
  }

  interface Reply {
    readonly id?: number;
    readonly result?: unknown;
    readonly error?: { readonly data?: { readonly code: string } };
  }

  async function reply(child: ChildProcess, id: number): Promise<Reply> {
    for (;;) {
      const [message] = (await once(child, 'message')) as [Reply];
      if (message.id === id) return message;
    }
  }

  test('refuses another protocol version', async (t) => {
    const child = forked(t);
    const answer = reply(child, 1);
    const params = {
      protocolVersion: protocolVersion + 1,
      storageDir: path.join(tmpdir(), 'sextant-never-made'),
      settings: defaultEngineSettings,
    };
    child.send({ jsonrpc: '2.0', id: 1, method: 'initialize', params });
    assert.equal((await answer).error?.data?.code, 'protocol_mismatch');
  });

  test('answers requests before the handshake with an error', async (t) => {
    const child = forked(t);
    const answer = reply(child, 1);
    child.send({ jsonrpc: '2.0', id: 1, method: 'status', params: {} });
    assert.equal((await answer).error?.data?.code, 'engine_unavailable');
  });

  test('ends when its channel closes, so that no window leaves an orphan', async (t) => {
    const child = forked(t);
    const answer = reply(child, 1);
    child.send({ jsonrpc: '2.0', id: 1, method: 'ping', params: {} });
    await answer;
    const exited = once(child, 'exit');
    child.disconnect();
    await exited;
  });

  test('garbage on its channel does it no harm', async (t) => {
    const child = forked(t);
    const answer = reply(child, 9);
    for (const garbage of ['text', 17, [], { jsonrpc: '2.0' }, { jsonrpc: '2.0', id: 1, method: 'no such thing' }]) {
      child.send(garbage);
    }
    child.send({ jsonrpc: '2.0', id: 9, method: 'ping', params: {} });
    assert.deepEqual((await answer).result, {});
  });

  test('says what it is when it is started by hand', () => {
    const { status, stderr } = spawnSync(process.execPath, [engineEntry], { encoding: 'utf8' });
    assert.equal(status, 2);
    assert.match(stderr, /engine of Sextant/);
  });
});
