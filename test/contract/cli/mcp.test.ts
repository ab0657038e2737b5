import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { liveEngines } from '../../../src/engine/share/engineEntry.ts';
import { EngineClient } from '../../../src/extension/engine/engineClient.ts';
import { defaultEngineSettings } from '../../../src/shared/protocol.ts';
import { estimateTokens } from '../../../src/shared/toolAnswer.ts';
import { GitRepository } from '../../support/gitRepository.ts';
import { mcpSession, type McpClientOptions, type McpSession } from '../../support/mcpClient.ts';
import { engineEntry } from '../../support/realEngine.ts';
import { runCli } from '../../support/runCli.ts';
import { waitFor } from '../../support/waitFor.ts';

const fixture = path.join(import.meta.dirname, '..', '..', 'fixtures', 'workspace');
const question = 'how are sessions signed so that a cookie cannot be forged';

let base: string;
let home: string;
let runtime: string;
let workspace: string;

before(async () => {
  base = await realpath(await mkdtemp(path.join(os.tmpdir(), 'sextant-mcp-')));
  home = path.join(base, 'home');
  runtime = path.join(base, 'run');
  workspace = path.join(base, 'workspace');
  process.env['SEXTANT_RUNTIME_DIR'] = runtime;
  await cp(fixture, workspace, { recursive: true });
  const indexed = await runCli(['index', workspace, '--threads', '1'], { home });
  assert.equal(indexed.code, 0, indexed.stderr);
});

after(() => rm(base, { recursive: true, force: true, maxRetries: 5 }));

const open = (t: TestContext, options: Partial<McpClientOptions> = {}): Promise<McpSession> =>
  mcpSession(t, { home, runtime, dirs: [workspace], ...options });

interface Place {
  readonly path: string;
  readonly startLine: number;
  readonly endLine: number;
  readonly symbol?: string;
}
const placesOf = (structured: Readonly<Record<string, unknown>>): Place[] => structured['results'] as Place[];

/** A window's engine on the workspace, in the same storage. */
async function openWindow(t: TestContext): Promise<EngineClient> {
  const client = new EngineClient({
    launch: { entry: engineEntry },
    storageDir: home,
    settings: { ...defaultEngineSettings, backend: 'cpu', threads: 1 },
    onLog: () => undefined,
    restartPolicy: { maxCrashes: 0, windowMs: 60_000, firstDelayMs: 1, maxDelayMs: 1 },
  });
  t.after(() => client.dispose());
  await client.setRoots([{ uri: pathToFileURL(workspace).href, path: workspace, name: 'workspace' }]);
  client.start();
  await waitFor('the window to be known', () => engines().includes('window'), 60_000);
  return client;
}

const engines = (): string[] => liveEngines(runtime).map(({ entry }) => entry.kind);

describe('the MCP server', () => {
  test('lists its tools, which only read', async (t) => {
    const { client } = await open(t);
    const { tools } = await client.listTools();
    const names = tools.map(({ name }) => name);
    assert.deepEqual(names, ['sextant_search', 'sextant_similar', 'sextant_commits', 'index_status']);
    for (const { name, annotations, inputSchema, description } of tools) {
      assert.equal(annotations?.readOnlyHint, true, name);
      assert.equal(inputSchema.type, 'object');
      assert.ok((description ?? '').length > 50, name);
    }
  });

  for (const era of ['legacy', 'auto'] as const) {
    test(`finds what a question is about, within the budget (${era})`, async (t) => {
      const { call } = await open(t, { era, roots: [workspace] });
      const { text, structured, isError } = await call('sextant_search', { query: question, maxTokens: 600 });
      assert.equal(isError, false, text);
      const places = placesOf(structured);
      assert.ok(
        places.slice(0, 3).some(({ path: file }) => file === 'src/auth/session.ts'),
        text,
      );
      assert.match(text, /^src\/auth\/session\.ts:\d+-\d+ {2}\w+ /m);
      assert.ok(estimateTokens(text) <= 600, text);
      assert.ok(estimateTokens(JSON.stringify(structured)) <= 600);
      assert.equal(structured['complete'], true, text);
      const larger = await call('sextant_search', { query: question, maxTokens: 6000 });
      assert.ok(larger.text.length > text.length);
    });
  }

  test('opens an index by itself as the window would, which tells it of its settings', async (t) => {
    const { exclude, useGitignore, maxFileSizeBytes } = defaultEngineSettings;
    const settings = { exclude: [...exclude, 'src/auth/**'], useGitignore, maxFileSizeBytes };
    const root = { uri: pathToFileURL(workspace).href, path: workspace, name: 'workspace', settings };
    const file = path.join(base, 'window.json');
    await writeFile(file, JSON.stringify({ settings: defaultEngineSettings, roots: [root] }));
    const args = ['--window-settings', file];
    const { call } = await open(t, { home: path.join(base, 'other'), args });
    const { text, structured, isError } = await call('sextant_search', { query: question });
    assert.equal(isError, false, text);
    const found = placesOf(structured).map(({ path: place }) => place);
    assert.ok(found.length > 0 && !found.some((place) => place.startsWith('src/auth/')), found.join());
  });

  test('finds what is like a place that a result gave', async (t) => {
    const { call } = await open(t);
    const found = placesOf((await call('sextant_search', { query: 'signSession' })).structured);
    const { path: file, startLine, endLine } = found[0]!;
    const { structured, isError, text } = await call('sextant_similar', { path: file, startLine, endLine });
    assert.equal(isError, false, text);
    assert.ok(placesOf(structured).length > 0);
    assert.ok(!placesOf(structured).some((place) => place.path === file && place.startLine === startLine));
    const absolute = await call('sextant_similar', { path: path.join(workspace, file), startLine, endLine });
    assert.deepEqual(placesOf(absolute.structured), placesOf(structured));
  });

  test('says what is wrong with arguments', async (t) => {
    const { call } = await open(t);
    const empty = await call('sextant_search', { query: '', limit: 0, colour: 'red' });
    assert.equal(empty.isError, true);
    for (const word of ['query', 'limit', 'colour']) assert.match(empty.text, new RegExp(word));
    const backwards = await call('sextant_similar', { path: 'src/auth/session.ts', startLine: 9, endLine: 3 });
    assert.match(backwards.text, /endLine/);
    const nowhere = await call('sextant_search', { query: 'x', folder: 'elsewhere' });
    assert.match(nowhere.text, /elsewhere.*workspace/);
    assert.equal(nowhere.isError, true);
  });

  test('keeps to its folders', async (t) => {
    const outside = path.join(base, 'outside.ts');
    await writeFile(outside, 'export function launchSecretRocket() { return 1; }\n');
    await symlink(outside, path.join(workspace, 'src', 'escape.ts'));
    t.after(() => rm(path.join(workspace, 'src', 'escape.ts')));
    const { call } = await open(t);
    for (const file of [outside, '../outside.ts', 'src/../../outside.ts', '/etc/passwd', 'src/escape.ts']) {
      const { isError, text } = await call('sextant_similar', { path: file, startLine: 1 });
      assert.equal(isError, true, file);
      assert.doesNotMatch(text, /launchSecretRocket/);
    }
    const { text } = await call('sextant_search', { query: 'launchSecretRocket' });
    assert.doesNotMatch(text, /escape\.ts|launchSecretRocket\(/);
  });

  test('takes only the roots that the client grants, and notices when they change', async (t) => {
    const none = await open(t, { roots: [base + '-elsewhere'] });
    const refused = await none.call('sextant_search', { query: question });
    assert.equal(refused.isError, true);
    assert.match(refused.text, /no folder that may be searched/);
    await none.setRoots([base]);
    const allowed = await none.call('sextant_search', { query: question });
    assert.equal(allowed.isError, false, allowed.text);
    assert.ok(placesOf(allowed.structured).some(({ path: file }) => file === 'src/auth/session.ts'));
  });

  test('serves several folders under their names', async (t) => {
    const quay = path.join(base, 'quay');
    await mkdir(quay, { recursive: true });
    await writeFile(path.join(quay, 'crane.ts'), 'export function liftContainerFromShip() { return 1; }\n');
    const { call } = await open(t, { dirs: [workspace, quay] });
    const { text, structured } = await call('sextant_search', { query: 'liftContainerFromShip' });
    assert.equal(placesOf(structured)[0]?.path, 'quay/crane.ts', text);
    const one = await call('sextant_search', { query: 'liftContainerFromShip', folder: 'workspace' });
    assert.ok(placesOf(one.structured).every(({ path: file }) => file.startsWith('workspace/')));
    const similar = await call('sextant_similar', { path: 'quay/crane.ts', startLine: 1 });
    assert.equal(similar.isError, false, similar.text);
  });

  test('finds commits by what they did, and says when there are none', async (t) => {
    const folder = path.join(base, 'logged');
    const repository = new GitRepository(folder);
    const subject = 'Retry failed payments with a growing pause';
    repository.commit({ message: subject, files: { 'pay.ts': 'export const pause = 1;\n' } });
    repository.commit({ message: 'Paint the boathouse', files: { 'paint.ts': 'export const colour = 2;\n' } });
    const { call } = await open(t, { dirs: [folder] });
    const { text, structured, isError } = await call('sextant_commits', { query: 'payment retries' });
    assert.equal(isError, false, text);
    const [best] = structured['results'] as { id: string; title: string; kind: string; files: string[] }[];
    assert.deepEqual([best!.kind, best!.title], ['commit', subject]);
    assert.match(best!.id, /^[0-9a-f]{12}$/);
    assert.deepEqual(best!.files, ['pay.ts']);
    const plain = await open(t);
    assert.match((await plain.call('sextant_commits', { query: 'anything' })).text, /no git history/);
  });

  test('a long call tells how far it is, and ends when it is cancelled', async (t) => {
    const big = path.join(base, 'big');
    await mkdir(big);
    for (let file = 0; file < 250; file += 1) {
      const functions = Array.from(
        { length: 20 },
        (_, i) =>
          `/** Step ${i} of part ${file}: weighs the cargo and notes it. */\nexport function step${file}x${i}(cargo: number[]): number {\n  let sum = ${i};\n  for (const weight of cargo) sum += weight * ${file};\n  return sum;\n}\n`,
      );
      await writeFile(path.join(big, `part${file}.ts`), functions.join('\n'));
    }
    const { call } = await open(t, { dirs: [big] });
    const cancel = new AbortController();
    const progress: number[] = [];
    let cancelledAt = 0;
    const long = call(
      'sextant_search',
      { query: 'weigh the cargo' },
      {
        signal: cancel.signal,
        onprogress: (update) => {
          progress.push(update.progress);
          if (progress.length < 2) return;
          cancelledAt ||= performance.now();
          cancel.abort();
        },
      },
    );
    await assert.rejects(long);
    assert.ok(cancel.signal.aborted && performance.now() - cancelledAt < 20_000);
    assert.deepEqual(
      progress,
      [...progress].sort((a, b) => a - b),
    );
    const { text, structured } = await call('index_status', {});
    assert.match(text, /big .*(scanning|indexing|embedding|ready)/, text);
    const [folder] = structured['folders'] as { chunks: number; embedded: number }[];
    assert.ok(folder!.embedded < folder!.chunks || folder!.chunks === 0, 'the call was cancelled before the end');
  });

  test('two clients and a window see the same; whoever is killed harms no other', async (t) => {
    const window = await openWindow(t);
    const [a, b] = [await open(t), await open(t)];
    const ask = async ({ call }: McpSession): Promise<Place[]> => {
      const { text, structured, isError } = await call('sextant_search', { query: question, maxTokens: 8000 });
      assert.equal(isError, false, text);
      return placesOf(structured).map(({ path: file, startLine, endLine }) => ({ path: file, startLine, endLine }));
    };
    const request = { query: question, mode: 'hybrid', limit: 10, filters: {} } as const;
    await waitFor(
      'the window to be done',
      async () => (await window.request('search', request)).embeddedShare === 1,
      60_000,
    );
    const { results } = await window.request('search', request);
    const seen = results.map(({ path: file, startLine, endLine }) => ({ path: file, startLine, endLine }));
    assert.deepEqual(await ask(a), seen);
    assert.deepEqual(await ask(b), seen);
    // Nobody opens the index a second time; an agent that waited too long for a busy window does, and gives way again.
    await waitFor('the window to be alone', () => engines().join() === 'window', 20_000);

    assert.ok(window.state.kind === 'running');
    process.kill(window.state.pid, 'SIGKILL');
    assert.deepEqual(await Promise.all([ask(a), ask(b)]), [seen, seen]);
    assert.ok(engines().includes('agent') && !engines().includes('window'), engines().join());

    process.kill(a.pid(), 'SIGKILL');
    assert.deepEqual(await ask(b), seen);

    await openWindow(t);
    await waitFor('the agent to give way', () => !engines().includes('agent'), 20_000);
    assert.deepEqual(await ask(b), seen);
    const search = await runCli(['search', question, '--dir', workspace, '--json'], {
      home,
      env: { SEXTANT_RUNTIME_DIR: runtime },
    });
    const answer = JSON.parse(search.stdout) as { results: Place[] };
    assert.deepEqual(
      answer.results.map(({ path: file, startLine, endLine }) => ({ path: file, startLine, endLine })),
      seen,
    );
    // An agent that waited too long for the window has opened the index itself, and gives way again.
    await waitFor('the window to be alone', () => engines().join() === 'window', 20_000);
  });

  test('writes nothing but the protocol, and ends with its client', async () => {
    const cli = path.join(import.meta.dirname, '..', '..', '..', 'src', 'cli', 'main.ts');
    const child = spawn(process.execPath, [cli, 'mcp', '--dir', workspace], {
      env: { ...process.env, SEXTANT_HOME: home, SEXTANT_RUNTIME_DIR: runtime },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const send = (message: object): void =>
      void child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
    const clientInfo = { name: 'raw', version: '1' };
    const params = { protocolVersion: '2025-06-18', capabilities: {}, clientInfo };
    send({ id: 1, method: 'initialize', params });
    await waitFor('the first answer', () => output.includes('"id":1'), 30_000);
    send({ method: 'notifications/initialized' });
    send({ id: 2, method: 'tools/call', params: { name: 'sextant_search', arguments: { query: question } } });
    await waitFor('the second answer', () => output.includes('"id":2'), 60_000);
    for (const line of output.trim().split('\n')) assert.doesNotThrow(() => JSON.parse(line) as unknown, line);
    child.stdin.end();
    const [code] = (await once(child, 'close')) as [number | null];
    assert.equal(code, 0);
    const left = (await readdir(runtime)).filter((name) => name.startsWith(`${child.pid}-`));
    assert.deepEqual(left, []);
  });
});
