import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import { runCli, type CliResult } from '../../support/runCli.ts';

const shopSource = `/** Adds the prices of all items and the shipping. */
export function totalPrice(items: { price: number }[], shipping: number): number {
  return items.reduce((sum, item) => sum + item.price, shipping);
}

/** Sends the invoice to the customer by mail. */
export function sendInvoice(customer: string, total: number): string {
  return \`To \${customer}: \${total}\`;
}
`;

interface SearchJson {
  readonly mode: string;
  readonly results: readonly { path: string; startLine: number; endLine: number; symbol: string; signals: object }[];
}

let base: string;
let workspace: string;
const run = (...args: string[]): Promise<CliResult> => runCli(args, { home: path.join(base, 'home'), cwd: workspace });

/** The one JSON value that a successful call prints. */
async function json<T>(...args: string[]): Promise<T> {
  const result = await run(...args, '--json');
  assert.equal(result.code, 0, result.stderr + result.stdout);
  return JSON.parse(result.stdout) as T;
}

async function failure(expectedCode: number, ...args: string[]): Promise<{ code: string; message: string }> {
  const result = await run(...args, '--json');
  assert.equal(result.code, expectedCode, `${args.join(' ')}\n${result.stderr}`);
  const { error } = JSON.parse(result.stdout) as { error: { code: string; message: string } };
  assert.ok(error.message.length > 0);
  return error;
}

before(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'sextant-cli-'));
  workspace = path.join(base, 'work space');
  await mkdir(path.join(workspace, 'src'), { recursive: true });
  await writeFile(path.join(workspace, 'src', 'shop.ts'), shopSource);
  await writeFile(path.join(workspace, 'README.md'), '# Shop\n\n## Invoices\n\nInvoices are sent by mail.\n');
});

after(() => rm(base, { recursive: true, force: true }));

describe('the command line', () => {
  it('indexes, and indexes again without embedding anything', async () => {
    const first = await json<{ files: number; chunks: number; embedded: number; model: string }>('index', '.');
    assert.equal(first.files, 2);
    assert.ok(first.chunks >= 2);
    assert.equal(first.embedded, first.chunks);
    const second = await json<{ files: number; embedded: number; reused: number }>('index', '.');
    assert.deepEqual([second.files, second.embedded, second.reused], [2, 0, first.chunks]);
    const fresh = await json<{ embedded: number }>('index', '.', '--fresh');
    assert.equal(fresh.embedded, first.chunks);
  });

  it('finds a function by what it does, at its lines', async () => {
    const { results, mode } = await json<SearchJson>('search', 'sum of the item prices', '--in', 'code');
    assert.equal(mode, 'hybrid');
    const best = results[0]!;
    assert.equal(best.symbol, 'totalPrice');
    assert.deepEqual([best.path, best.startLine, best.endLine], ['src/shop.ts', 1, 4]);
    assert.ok(Object.keys(best.signals).length > 0);
  });

  it('finds what was edited since', async () => {
    await writeFile(path.join(workspace, 'src', 'late.ts'), 'export function polishTheBrass() { return 1; }\n');
    const { results } = await json<SearchJson>('search', 'polishTheBrass', '--mode', 'keyword');
    assert.equal(results[0]?.path, 'src/late.ts');
    await rm(path.join(workspace, 'src', 'late.ts'));
    const gone = await json<SearchJson>('search', 'polishTheBrass', '--mode', 'keyword');
    assert.ok(gone.results.every((result) => result.path !== 'src/late.ts'));
  });

  it('takes every filter', async () => {
    const docs = await json<SearchJson>('search', 'invoice', '--in', 'docs', '--no-refresh');
    assert.deepEqual([...new Set(docs.results.map((result) => result.path))], ['README.md']);
    const narrowed = await json<SearchJson>(
      ...['search', 'invoice', '--lang', 'typescript', '--path', 'src', '--kind', 'function', '--limit', '1'],
      '--no-refresh',
    );
    assert.deepEqual(
      narrowed.results.map((result) => result.symbol),
      ['sendInvoice'],
    );
    const none = await json<SearchJson>('search', 'invoice', '--path', '!**', '--no-refresh');
    assert.deepEqual(none.results, []);
  });

  it('finds similar code without the place itself', async () => {
    const { results } = await json<SearchJson>('similar', 'src/shop.ts:2');
    assert.ok(results.every((result) => !(result.path === 'src/shop.ts' && result.startLine <= 2)));
    const args = ['similar', 'src/shop.ts:2', '--dir', workspace, '--json'];
    const elsewhere = await runCli(args, { home: path.join(base, 'home'), cwd: base });
    assert.deepEqual((JSON.parse(elsewhere.stdout) as SearchJson).results, results, 'a path as results name it');
    assert.equal((await failure(1, 'similar', 'src/none.ts:2')).code, 'not_found');
    assert.equal((await failure(1, 'similar', import.meta.filename + ':2')).code, 'not_found');
    assert.equal((await failure(2, 'similar', 'src/shop.ts')).code, 'invalid_argument');
  });

  it('treats the syntax of the full-text index as plain words', async () => {
    for (const query of [
      '"',
      '"unclosed',
      'a* NEAR(b c)',
      'col:x',
      '^',
      '-',
      'AND OR NOT',
      "it's; DROP TABLE files",
      '💡',
    ]) {
      const answer = await json<SearchJson>('search', query, '--no-refresh');
      assert.ok(Array.isArray(answer.results), query);
    }
  });

  it('says what is wrong with bad input', async () => {
    assert.equal((await failure(1, 'search', '   ', '--no-refresh')).code, 'invalid_argument');
    assert.equal((await failure(1, 'search', 'word '.repeat(20_000), '--no-refresh')).code, 'invalid_argument');
    assert.equal((await failure(1, 'index', 'nowhere')).code, 'workspace_missing');
    assert.equal((await failure(1, 'index', 'README.md')).code, 'workspace_missing');
    assert.equal((await failure(1, 'index', '--model', 'nothing')).code, 'model_missing');
    for (const args of [
      ['search'],
      ['search', 'x', '--limit', '0'],
      ['search', 'x', '--mode', 'psychic'],
      ['index', '--nonsense'],
      ['fly'],
    ]) {
      assert.equal((await failure(2, ...args)).code, 'invalid_argument', args.join(' '));
    }
  });

  it('answers an empty workspace and one that was never indexed', async () => {
    const empty = path.join(base, 'empty');
    await mkdir(empty);
    assert.equal((await failure(1, 'search', 'x', '--dir', empty, '--no-refresh')).code, 'index_missing');
    const { files, chunks } = await json<{ files: number; chunks: number }>('index', empty);
    assert.deepEqual([files, chunks], [0, 0]);
    assert.deepEqual((await json<SearchJson>('search', 'x', '--dir', empty)).results, []);
  });

  it('embeds texts line by line', async () => {
    const file = path.join(base, 'texts.jsonl');
    await writeFile(file, '{"text":"open a file"}\n\n{"text":"close a file"}\n');
    const result = await run('embed', '--input', file, '--kind', 'query');
    assert.equal(result.code, 0, result.stderr);
    const rows = result.stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { embedding: number[] }).embedding);
    assert.equal(rows.length, 2);
    for (const row of rows) assert.ok(Math.abs(Math.hypot(...row) - 1) < 1e-3);
    await writeFile(file, '{"text":1}\n');
    assert.match((await failure(1, 'embed', '--input', file)).message, /:1 /);
  });

  it('says what runs here', async () => {
    const doctor = await json<{ versions: Record<string, string>; status: { model: { dimension: number } } }>('doctor');
    assert.match(doctor.versions['sqlite-vec'] ?? '', /^\d+\./);
    assert.ok(doctor.status.model.dimension > 0);
    const { models } = await json<{ models: { default: boolean }[] }>('model', 'list');
    assert.equal(models.filter((model) => model.default).length, 1);
    const help = await run('help');
    assert.equal(help.code, 0);
    assert.match(help.stdout, /sextant search QUERY/);
  });
});
