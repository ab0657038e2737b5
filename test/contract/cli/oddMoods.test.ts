import assert from 'node:assert/strict';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { FakeForge, type ForgeReply } from '../../support/fakeForge.ts';
import { GitRepository } from '../../support/gitRepository.ts';
import { runCli, type CliResult } from '../../support/runCli.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';

interface Item {
  readonly id: string;
  readonly label: string;
  readonly skipped?: string;
  readonly text: string;
}

function repositoryIn(t: TestContext): { repository: GitRepository; run: (...args: string[]) => Promise<CliResult> } {
  const base = temporaryFolder(t);
  const repository = new GitRepository(path.join(base, 'project'));
  const run = (...args: string[]): Promise<CliResult> =>
    runCli([...args, '--json'], { home: path.join(base, 'home'), cwd: repository.directory });
  return { repository, run };
}

function itemsOf({ code, stdout, stderr }: CliResult): Item[] {
  assert.equal(code, 0, stderr + stdout);
  return (JSON.parse(stdout) as { items: Item[] }).items;
}

test('commits of every odd kind are answered, with the reason where they are skipped', async (t) => {
  const { repository, run } = repositoryIn(t);
  const expected: Record<string, string> = {};
  const commit = (message: string, mood: string, author?: string): void => {
    expected[repository.commit({ message, ...(author === undefined ? {} : { author }) })] = mood;
  };
  commit('', 'empty');
  commit(' \n\n\t', 'empty');
  commit('😡', 'negative');
  commit('🎉🎉', 'positive');
  commit('🚀', 'empty');
  commit(`Import the log\n\n${'0123456789 abcdef\n'.repeat(60_000)}`, 'neutral');
  commit('Der Fehler ist jetzt behoben und die Ausgabe wird nicht mehr doppelt geschrieben', 'otherLanguage');
  commit('\u202Bתיקון באג נורא במנתח\u202C', 'otherLanguage');
  commit('إصلاح خطأ سيء في المحلل', 'otherLanguage');
  commit('\u202EKill the worker\u202C', 'neutral');
  commit('Bump lodash from 4.17.20 to 4.17.21', 'bot', 'dependabot[bot]');
  commit("Merge branch 'main' into dev", 'merge');
  const items = itemsOf(await run('sentiment', 'commits', '.'));
  assert.deepEqual(Object.fromEntries(items.map(({ id, label, skipped }) => [id, skipped ?? label])), expected);
});

test('a forge that refuses is quoted, and one that deleted an issue is believed when all is listed again', async (t) => {
  const { run } = repositoryIn(t);
  const issue = (number: number): unknown => ({
    ...{
      number,
      title: `issue ${number}`,
      body: 'It breaks.',
      user: { login: 'ada' },
      html_url: `https://x/${number}`,
    },
    ...{ created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z', labels: [] },
  });
  let issues = [issue(1), issue(2)];
  let reply: ForgeReply | undefined;
  const forge = await FakeForge.start(t, ({ path: at }) => reply ?? (at.endsWith('/n/issues') ? { body: issues } : {}));
  const sync = (...more: string[]): Promise<CliResult> =>
    run('sentiment', 'issues', '.', '--github', 'o/n', '--host', forge.host, ...more);
  assert.deepEqual(itemsOf(await sync()).length, 2);
  issues = [issue(2)];
  assert.deepEqual(itemsOf(await sync()).length, 2);
  const full = await sync('--full');
  assert.deepEqual(
    itemsOf(full).map(({ id }) => id),
    ['2'],
  );
  assert.match(full.stderr, /Deleted on the forge, and now here: 1\./);
  const limited = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Math.floor(Date.now() / 1000) + 3600) };
  for (const [answer, code] of [
    [{ status: 401, body: {} }, 'forge_denied'],
    [{ status: 403, headers: limited, body: {} }, 'forge_rate_limited'],
  ] as const) {
    reply = answer;
    const { code: exit, stdout } = await sync();
    assert.equal(exit, 1);
    assert.equal((JSON.parse(stdout) as { error: { code: string } }).error.code, code);
  }
});
