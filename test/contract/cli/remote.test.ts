import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { test, type TestContext } from 'node:test';
import type { RemotePreview } from '../../../src/shared/remote.ts';
import type { SerializedError } from '../../../src/shared/errors.ts';
import type { SearchResponse } from '../../../src/shared/search.ts';
import { FakeEmbeddingServer, type Fault } from '../../support/fakeEmbeddingServer.ts';
import { pemBlock, plantedFiles } from '../../support/plantedSecrets.ts';
import { runCli, type CliResult } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

interface Summary {
  readonly chunks: number;
  readonly embedded: number;
  readonly reused: number;
  readonly backend: string;
}

/** A folder with ordinary functions and, where asked for, secrets among them. */
function workspace(t: TestContext, extra: Readonly<Record<string, string>> = {}): { folder: string; home: string } {
  const base = temporaryFolder(t);
  const folder = path.join(base, 'workspace');
  const files: Record<string, string> = { ...extra };
  for (let i = 0; i < 40; i += 1) {
    const body = `  const total = left + right * ${i};\n  return total > ${i} ? total : ${i};`;
    files[`src/part${i}.ts`] =
      `/** Adds the numbers of part ${i}. */\nexport function add${i}(left: number, right: number): number {\n${body}\n}\n`;
  }
  for (const [file, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    fs.writeFileSync(path.join(folder, file), text);
  }
  return { folder, home: path.join(base, 'home') };
}

function parse({ code, stdout, stderr }: CliResult, expected = 0): unknown {
  assert.equal(code, expected, stderr || stdout);
  return JSON.parse(stdout);
}

const remote = (server: FakeEmbeddingServer): string[] => ['--remote', server.url, '--remote-model', 'm', '--json'];

test('a dry run lists exactly what is sent, and no secret is', async (t) => {
  const planted = plantedFiles();
  const pem = pemBlock('workspace', 200);
  const secrets = Object.fromEntries(planted.map(({ path: file, text }) => [`planted/${file}`, text]));
  const { folder, home } = workspace(t, { ...secrets, 'planted/pem.ts': `export const pem = \`\n${pem}\`;\n` });
  const server = await FakeEmbeddingServer.start(t);
  const preview = parse(await runCli(['index', folder, '--dry-run', ...remote(server)], { home })) as RemotePreview;
  assert.equal(server.requests, 0);
  assert.ok(preview.texts.length > 40 && preview.withheld.length >= planted.length);
  const summary = parse(await runCli(['index', folder, ...remote(server)], { home })) as Summary & {
    skipped: Record<string, number>;
  };
  assert.equal(summary.backend, 'remote');
  const [probe, ...sent] = server.received;
  assert.ok(probe?.startsWith('function openIndex'));
  assert.deepEqual(sent.toSorted(), preview.texts.map(({ text }) => text).toSorted());
  const everything = server.received.join('\n');
  for (const { secret, path: file } of planted) assert.ok(!everything.includes(secret), file);
  for (const line of pem.split('\n')) assert.ok(!everything.includes(line));
  const again = parse(await runCli(['index', folder, '--dry-run', ...remote(server)], { home })) as RemotePreview;
  assert.deepEqual([again.texts.length, again.known], [0, summary.embedded]);
});

/** Stored vectors by the hash of their text. */
function storedVectors(home: string): Record<string, string> {
  const file = fs.readdirSync(home, { recursive: true, encoding: 'utf8' }).find((name) => name.endsWith('.db'))!;
  const db = new Database(path.join(home, file), { readonly: true });
  const rows = db.prepare('SELECT hex(text_hash) AS hash, hex(vector) AS vector FROM embeddings ORDER BY 1').all();
  db.close();
  return Object.fromEntries((rows as { hash: string; vector: string }[]).map(({ hash, vector }) => [hash, vector]));
}

test('whatever a server answers, only right vectors are stored', async (t) => {
  const { folder, home } = workspace(t);
  const faults: readonly Fault[] = [
    'drop',
    'tooMany',
    'wrongDimension',
    'tooFew',
    'notANumber',
    'zero',
    'html',
    'shuffled',
  ];
  // Every other answer is one that cannot be used, of all kinds in turn.
  const faulty = await FakeEmbeddingServer.start(t, {
    fault: (request) => (request % 2 === 0 ? 'good' : faults[(request >> 1) % faults.length]!),
  });
  const summary = parse(
    await runCli(['index', folder, ...remote(faulty), '--remote-concurrency', '1'], { home }),
  ) as Summary;
  assert.equal(summary.embedded, summary.chunks);
  await faulty.stop();
  await FakeEmbeddingServer.start(t, {}, faulty.port);
  const good = await FakeEmbeddingServer.start(t);
  const other = workspace(t);
  parse(await runCli(['index', folder, ...remote(good)], { home: other.home }));
  assert.ok(Object.keys(storedVectors(home)).length >= 40);
  assert.deepEqual(storedVectors(home), storedVectors(other.home));
  const question = [
    'search',
    'where are the numbers of part 7 added',
    '--dir',
    folder,
    '--mode',
    'semantic',
    '--no-refresh',
  ];
  const [left, right] = await Promise.all([
    runCli([...question, ...remote(faulty)], { home }),
    runCli([...question, ...remote(good)], { home: other.home }),
  ]);
  assert.equal((parse(left) as SearchResponse).mode, 'semantic');
  const places = (result: CliResult): string[] => (parse(result) as SearchResponse).results.map((item) => item.path);
  assert.deepEqual(places(left), places(right));
});

test('a server that goes away is said, keywords go on, and the run resumes where it was', async (t) => {
  const { folder, home } = workspace(t);
  let answered = 0;
  const first = await FakeEmbeddingServer.start(t, { fault: () => (answered++ < 3 ? 'good' : 'denied'), mostTexts: 8 });
  const failed = parse(await runCli(['index', folder, ...remote(first)], { home }), 1) as { error: SerializedError };
  assert.equal(failed.error.code, 'access_denied');
  assert.ok(failed.error.hint?.includes('SEXTANT_REMOTE_KEY'));
  const { port } = first;
  await first.stop();
  const search = ['search', 'add7', '--dir', folder, ...remote(first)];
  const offline = parse(await runCli([...search, '--no-refresh'], { home })) as SearchResponse;
  assert.equal(offline.mode, 'keyword');
  assert.ok(offline.notice !== undefined && offline.results[0]?.path === 'src/part7.ts');
  const second = await FakeEmbeddingServer.start(t, {}, port);
  const resumed = parse(await runCli(['index', folder, ...remote(second)], { home })) as Summary;
  assert.equal(resumed.embedded + resumed.reused, resumed.chunks);
  const twice = second.received.filter((text) => !text.startsWith('function openIndex'));
  assert.ok(twice.length <= resumed.chunks);
  const online = parse(await runCli([...search, '--no-refresh'], { home })) as SearchResponse;
  assert.equal(online.mode, 'hybrid');
});

test('says what is wrong with the options', async (t) => {
  const { folder, home } = workspace(t);
  const alone = parse(await runCli(['index', folder, '--remote-model', 'm', '--json'], { home }), 2) as {
    error: SerializedError;
  };
  assert.match(alone.error.message, /--remote URL/);
  const bad = parse(await runCli(['index', folder, '--remote', 'gpu', '--json'], { home }), 1) as {
    error: SerializedError;
  };
  assert.equal(bad.error.code, 'invalid_argument');
});
