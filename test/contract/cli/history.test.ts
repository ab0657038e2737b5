import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { SearchResponse } from '../../../src/shared/search.ts';
import { GitRepository } from '../../support/gitRepository.ts';
import { runCli, type CliResult } from '../../support/runCli.ts';

interface Moods {
  readonly items: readonly {
    readonly id: string;
    readonly date: string;
    readonly author: string;
    readonly text: string;
    readonly label: string;
    readonly scores: Readonly<Record<'negative' | 'neutral' | 'positive', number>>;
  }[];
  readonly summary: Readonly<Record<'total' | 'negative' | 'neutral' | 'positive' | 'skipped', number>>;
}

let base: string;
let repository: GitRepository;
const run = (...args: string[]): Promise<CliResult> =>
  runCli(args, { home: path.join(base, 'home'), cwd: repository.directory });

async function json<T>(...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await run(...args, '--json');
  assert.equal(code, 0, stderr + stdout);
  return JSON.parse(stdout) as T;
}

async function failure(expected: number, ...args: string[]): Promise<{ code: string; message: string }> {
  const { code, stdout } = await run(...args, '--json');
  assert.equal(code, expected, stdout);
  return (JSON.parse(stdout) as { error: { code: string; message: string } }).error;
}

before(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'sextant-history-'));
  repository = new GitRepository(path.join(base, 'project'));
  const day = (n: number): number => Date.UTC(2026, 0, n) / 1000;
  repository.commit({ message: 'Sign sessions with a rotating key', at: day(1), files: { 'src/session.ts': '1' } });
  repository.commit({
    message: 'Round invoices to cents\n\nKill the old code.',
    at: day(2),
    files: { 'src/invoice.ts': '1' },
  });
  repository.commit({
    message: 'I hate this terrible, horrible, broken mess. Awful!',
    at: day(3),
    author: 'Bo',
    files: { 'src/session.ts': '2' },
  });
});
after(() => rm(base, { recursive: true, force: true }));

describe('the history on the command line', () => {
  it('tells the mood of commits, the newest first', async () => {
    const { items, summary } = await json<Moods>('sentiment', 'commits', '.');
    assert.deepEqual(
      items.map(({ text, label, author, date }) => [text.slice(0, 6), label, author, date.slice(0, 10)]),
      [
        ['I hate', 'negative', 'Bo', '2026-01-03'],
        ['Round ', 'neutral', 'Ada', '2026-01-02'],
        ['Sign s', 'neutral', 'Ada', '2026-01-01'],
      ],
    );
    assert.equal(items[0]?.id, repository.head());
    for (const { scores } of items) assert.ok(Math.abs(scores.negative + scores.neutral + scores.positive - 1) < 0.001);
    const { total, negative, neutral, positive, skipped } = summary;
    assert.deepEqual(
      { total, negative, neutral, positive, skipped },
      { total: 3, negative: 1, neutral: 2, positive: 0, skipped: 0 },
    );
  });

  it('narrows them by path, time and author', async () => {
    const texts = async (...options: string[]): Promise<string[]> =>
      (await json<Moods>('sentiment', 'commits', '.', ...options)).items.map(({ text }) => text.slice(0, 6));
    assert.deepEqual(await texts('--path', 'src/session.ts'), ['I hate', 'Sign s']);
    assert.deepEqual(await texts('--since', '2026-01-02', '--until', '2026-01-02'), ['Round ']);
    assert.deepEqual(await texts('--author', 'Bo'), ['I hate']);
    assert.deepEqual(await texts('--limit', '1'), ['I hate']);
  });

  it('finds commits, with their moods, without indexing files', async () => {
    const { results, embeddedShare } = await json<SearchResponse>('search', 'signed sessions', '--in', 'commits');
    assert.equal(results[0]?.symbol, 'Sign sessions with a rotating key');
    assert.deepEqual(results[0].history?.files, ['src/session.ts']);
    assert.equal(results[0].history.mood?.label, 'neutral');
    assert.equal(embeddedShare, 1);
    assert.equal((await failure(1, 'search', 'x', '--no-refresh', '--dir', base)).code, 'index_missing');
  });

  it('finds code and commits together', async () => {
    repository.commit({
      message: 'Add a tide table',
      files: { 'src/tide.ts': 'export function tideTable() {\n  return [];\n}\n' },
    });
    const { results } = await json<SearchResponse>('search', 'tide table', '--in', 'code,commits', '--limit', '4');
    assert.deepEqual(
      results.slice(0, 2).map(({ path: place, history }) => [place.endsWith('.ts'), history !== undefined]),
      [
        [true, false],
        [false, true],
      ],
    );
  });

  it('tells the mood of issues in an export, and only of those', async () => {
    const file = path.join(base, 'issues.json');
    const issues = [
      {
        number: 4,
        title: 'Crash',
        body: 'This is awful, I hate it, it is terrible and broken again!',
        author: { login: 'eve' },
      },
      {
        number: 5,
        title: 'Thanks',
        body: 'Great work, this is awesome, thank you so much!',
        createdAt: '2026-01-05T00:00:00Z',
      },
    ];
    await writeFile(file, JSON.stringify(issues));
    const { items } = await json<Moods>('sentiment', 'issues', '.', '--file', file);
    assert.deepEqual(
      items.map(({ id, label }) => [id, label]),
      [
        ['5', 'positive'],
        ['4', 'negative'],
      ],
    );
  });

  it('says what is wrong', async () => {
    assert.equal((await failure(2, 'sentiment', 'commits', '.', '--since', 'soon')).code, 'invalid_argument');
    assert.equal((await failure(1, 'sentiment', 'commits', path.join(base, 'nowhere'))).code, 'workspace_missing');
    assert.equal(
      (await failure(1, 'sentiment', 'issues', '.', '--file', path.join(base, 'nowhere'))).code,
      'not_found',
    );
    assert.equal((await failure(2, 'sentiment', 'issues', '.', '--github', 'nonsense')).code, 'invalid_argument');
    const offline = ['--github', 'o/n', '--host', 'http://127.0.0.1:9'];
    assert.equal((await failure(1, 'sentiment', 'issues', '.', ...offline)).code, 'forge_offline');
  });
});
