import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { evalRepos } from '../../../../src/engine/eval/evalRepos.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

function write(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    fs.writeFileSync(path.join(folder, name), text);
  }
}

test('a small repository is indexed and measured', async (context) => {
  const folder = temporaryFolder(context);
  write(folder, {
    'checkouts/tiny/src/parse.ts': 'export function parseConfig(text: string) {\n  return JSON.parse(text);\n}\n',
    'checkouts/tiny/src/serve.ts': 'export function startServer(port: number) {\n  return listen(port);\n}\n',
    'checkouts/tiny/other/parseConfig.ts': 'export const parseConfig = 1;\n',
    'annotations/tiny.json': JSON.stringify([
      { query: 'parseConfig', relevant: ['src/parse.ts'], secondary: [], category: 'symbol' },
      {
        query: 'how the server starts',
        relevant: [{ path: 'src/serve.ts', start_line: 2, end_line: 2 }],
        category: 'semantic',
      },
      { query: 'nothing of the kind', relevant: ['src/none.ts'], category: 'semantic' },
    ]),
    'repos.json': JSON.stringify([{ name: 'tiny', language: 'typescript', root: 'src' }]),
  });
  const dumpFile = path.join(folder, 'dump.jsonl');
  const result = await evalRepos({
    checkouts: path.join(folder, 'checkouts'),
    annotations: path.join(folder, 'annotations'),
    roots: path.join(folder, 'repos.json'),
    mode: 'keyword',
    dumpFile,
  });
  assert.equal(result.queries, 3);
  assert.ok(Math.abs(result.ndcg10 - 2 / 3) < 1e-12);
  assert.deepEqual(result.byCategory, { symbol: 1, semantic: 0.5 });
  assert.deepEqual(Object.keys(result.byLanguage), ['typescript']);
  const dump = fs.readFileSync(dumpFile, 'utf8').trimEnd().split('\n');
  const first = JSON.parse(dump[0]!) as { repo: string; query: string; results: { path: string }[] };
  assert.equal(first.repo, 'tiny');
  assert.equal(first.results[0]?.path, 'src/parse.ts');
  assert.ok(first.results.every((hit) => hit.path.startsWith('src/')));
});

test('a missing checkout is said by name', async (context) => {
  const folder = temporaryFolder(context);
  write(folder, { 'annotations/gone.json': '[]', 'checkouts/x': '' });
  await assert.rejects(
    evalRepos({
      checkouts: path.join(folder, 'checkouts'),
      annotations: path.join(folder, 'annotations'),
      mode: 'keyword',
    }),
    /gone/,
  );
});
