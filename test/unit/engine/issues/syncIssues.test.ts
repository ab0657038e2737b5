import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { githubApi } from '../../../../src/engine/issues/github.ts';
import { syncIssues } from '../../../../src/engine/issues/syncIssues.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import type { HistoryItem } from '../../../../src/shared/history.ts';
import type { Forge, IssueSync } from '../../../../src/shared/mood.ts';
import { FakeForge, type ForgeCall, type ForgeReply } from '../../../support/fakeForge.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

interface Issue {
  readonly number: number;
  readonly title: string;
  readonly updated_at: string;
}

function issue(number: number, title = `issue ${number}`, minute = number): Issue & Record<string, unknown> {
  const at = new Date(Date.UTC(2026, 0, 1, 0, minute)).toISOString().replace('.000', '');
  return {
    ...{ number, title, body: 'It breaks.', user: { login: 'ada' }, created_at: at, updated_at: at },
    html_url: `https://x/${number}`,
    labels: [{ name: 'bug' }],
  };
}

/** As GitHub answers: what changed since, by time, a hundred at once, with an ETag over all of it. */
function listed(issues: readonly Issue[], { query, headers }: ForgeCall, pageSize = 100): ForgeReply {
  const since = query.get('since') ?? '';
  const matching = issues
    .filter(({ updated_at }) => updated_at >= since)
    .sort((a, b) => (a.updated_at < b.updated_at ? -1 : 1));
  const etag = `"${matching.map(({ number, title }) => `${number}${title}`).join()}"`;
  if (headers['if-none-match'] === etag) return { status: 304 };
  return { headers: { etag }, body: matching.slice(0, pageSize) };
}

function openStore(t: TestContext): RootStore {
  const store = new RootStore(path.join(temporaryFolder(t), 'x.db'));
  t.after(() => store.close());
  store.acquire();
  return store;
}

function items(store: RootStore): HistoryItem[] {
  return store.readHistory((history) =>
    history.items(
      history.moodRows('', 0, 10_000).map(({ id }) => id),
      undefined,
    ),
  );
}

interface Synced {
  readonly store: RootStore;
  readonly forge: FakeForge;
  readonly sync: (patienceMs?: number, rest?: Partial<Forge>) => Promise<IssueSync>;
}

async function synced(t: TestContext, answer: (call: ForgeCall) => ForgeReply): Promise<Synced> {
  const forge = await FakeForge.start(t, answer);
  const store = openStore(t);
  const { signal } = new AbortController();
  const base = { kind: 'github', host: forge.host, project: 'o/n', token: 'secret' } as const;
  return {
    store,
    forge,
    sync: (patienceMs = 0, rest = {}) => syncIssues(store, { ...base, ...rest }, { signal, patienceMs }),
  };
}

const isIssues = ({ path: asked }: ForgeCall): boolean => asked === '/api/v3/repos/o/n/issues';

describe('syncIssues', () => {
  it('reads issues, pull requests and comments with who wrote them', async (t) => {
    const { store, sync, forge } = await synced(t, (call) => {
      if (isIssues(call)) return listed([issue(1), { ...issue(2), pull_request: {} } as Issue], call);
      if (!call.path.endsWith('/issues/comments')) return {};
      const comment = { ...issue(9), id: 77, body: 'Thanks!', user: null, issue_url: 'https://api/x/issues/1' };
      return { body: [comment] };
    });
    assert.deepEqual(await sync(), { issues: 2, comments: 1 });
    assert.deepEqual(
      items(store).map(({ kind, key, title, body, author, labels, url }) => ({
        kind,
        key,
        title,
        body,
        author,
        labels,
        url,
      })),
      [
        {
          kind: 'issue',
          key: '1',
          title: 'issue 1',
          body: 'It breaks.',
          author: 'ada',
          labels: ['bug'],
          url: 'https://x/1',
        },
        {
          kind: 'pullRequest',
          key: '2',
          title: 'issue 2',
          body: 'It breaks.',
          author: 'ada',
          labels: ['bug'],
          url: 'https://x/2',
        },
        { kind: 'comment', key: '1#77', title: '', body: 'Thanks!', author: 'ghost', labels: [], url: 'https://x/9' },
      ],
    );
    assert.equal(forge.calls[0]?.headers.authorization, 'Bearer secret');
  });

  it('asks only for what is new, and an unchanged list with its ETag', async (t) => {
    const issues = Array.from({ length: 250 }, (_, n) => issue(n + 1));
    const { store, sync, forge } = await synced(t, (call) => (isIssues(call) ? listed(issues, call) : {}));
    await sync();
    assert.equal(items(store).length, 250);
    forge.calls.length = 0;
    await sync();
    const asked = forge.calls.filter(isIssues);
    assert.equal(asked.length, 1);
    assert.ok(asked[0]?.headers['if-none-match']);
    assert.ok(asked[0].query.get('since'));
    issues[3] = issue(4, 'renamed', 300);
    await sync();
    assert.equal(items(store).length, 250);
    assert.ok(items(store).some(({ key, title }) => key === '4' && title === 'renamed'));
  });

  it('follows the forge’s own pages where many changed at once', async (t) => {
    const many = Array.from({ length: 230 }, (_, n) => issue(n + 1, `i${n}`, 5));
    const { store, sync, forge } = await synced(t, (call) => {
      if (!isIssues(call)) return {};
      const page = Number(call.query.get('page') ?? 1);
      const next = `<${forge.host}/api/v3/repos/o/n/issues?since=${call.query.get('since')}&page=${page + 1}>; rel="next"`;
      const body = many.slice((page - 1) * 100, page * 100);
      return { body, ...(body.length === 100 ? { headers: { link: next } } : {}) };
    });
    await sync();
    assert.equal(items(store).length, 230);
  });

  it('keeps what it has when the limit is reached, says so, and goes on from there', async (t) => {
    const issues = Array.from({ length: 150 }, (_, n) => issue(n + 1));
    const reset = String(Math.floor(Date.now() / 1000) + 3600);
    let left = 1;
    const { store, sync } = await synced(t, (call) => {
      left -= 1;
      if (left < 0)
        return { status: 403, headers: { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset }, body: {} };
      return isIssues(call) ? listed(issues, call) : {};
    });
    const first = await sync();
    assert.equal(first.issues, 100);
    assert.match(first.notice ?? '', /allows no more requests until \d\d:\d\d UTC/);
    await assert.rejects(sync(), { code: 'forge_rate_limited' });
    left = 10;
    await sync();
    assert.equal(items(store).length, 150);
  });

  it('waits out a secondary limit and a failing server', async (t) => {
    let calls = 0;
    const { sync } = await synced(t, () => {
      calls += 1;
      if (calls === 1) return { status: 429, headers: { 'retry-after': '1' }, body: {} };
      return calls === 2 ? { status: 502, body: 'bad gateway' } : {};
    });
    assert.deepEqual(await sync(2000), { issues: 0, comments: 0 });
  });

  it('says what is wrong, and keeps what was fetched before', async (t) => {
    let reply: ForgeReply | undefined;
    const { store, sync, forge } = await synced(t, (call) => reply ?? (isIssues(call) ? listed([issue(1)], call) : {}));
    await sync();
    reply = { status: 401, body: { message: 'Bad credentials' } };
    await assert.rejects(sync(), { code: 'forge_denied', message: /revoked, expired/ });
    await assert.rejects(
      syncIssues(store, { kind: 'github', host: forge.host, project: 'o/n' }, { signal: new AbortController().signal }),
      {
        code: 'forge_denied',
        message: /wants a sign-in/,
      },
    );
    reply = { status: 404, body: {} };
    await assert.rejects(sync(), { code: 'not_found' });
    reply = { body: '<html>Sign in</html>' };
    await assert.rejects(sync(), { code: 'forge_failed', message: /did not answer with JSON/ });
    reply = { body: [{ nonsense: true }] };
    await assert.rejects(sync(), { code: 'forge_failed', message: /form that is not known/ });
    await forge.stop();
    await assert.rejects(sync(), { code: 'forge_offline', hint: /still there/ });
    assert.equal(items(store).length, 1);
  });

  it('removes what was deleted on the forge when it lists everything again', async (t) => {
    const all = Array.from({ length: 120 }, (_, n) => issue(n + 1));
    let issues = all;
    let comments = [77, 78].map((id) => ({ ...issue(id), id, issue_url: 'https://api/x/issues/1' }));
    let left = Infinity;
    const { store, forge } = await synced(t, (call) => {
      if ((left -= 1) < 0) return { status: 429, headers: { 'retry-after': '3600' }, body: {} };
      if (isIssues(call)) return listed(issues, call);
      return call.path.endsWith('/issues/comments') ? listed(comments, call) : {};
    });
    const sync = (full: boolean): Promise<IssueSync> =>
      syncIssues(
        store,
        { kind: 'github', host: forge.host, project: 'o/n' },
        { signal: new AbortController().signal, patienceMs: 0, full },
      );
    await sync(false);
    issues = all.filter(({ number }) => number !== 7);
    comments = comments.slice(0, 1);
    await sync(false);
    assert.equal(items(store).length, 122);
    left = 4;
    assert.match((await sync(true)).notice ?? '', /allows no more requests/);
    assert.equal(items(store).length, 122);
    left = Infinity;
    assert.equal((await sync(true)).removed, 2);
    const keys = items(store).map(({ key }) => key);
    assert.equal(keys.length, 120);
    assert.ok(!keys.includes('7') && !keys.includes('1#78') && keys.includes('1#77'));
  });

  it('never takes the token to another host', async (t) => {
    const other = await FakeForge.start(t, () => ({}));
    const full = Array.from({ length: 100 }, (_, n) => issue(n + 1, 'x', 5));
    const { sync } = await synced(t, (call) => {
      const link = { link: `<${other.host}/steal>; rel="next"` };
      return isIssues(call) ? { headers: link, body: full } : {};
    });
    await assert.rejects(sync(), { code: 'forge_failed', message: /we did not go/ });
    const redirecting = await synced(t, () => ({ status: 302, headers: { location: `${other.host}/steal` } }));
    await assert.rejects(redirecting.sync(), { code: 'forge_failed', message: /we did not go/ });
    assert.deepEqual(other.calls, []);
  });

  it('stops when cancelled, also while it waits', async (t) => {
    const { store, forge } = await synced(t, () => ({ status: 429, headers: { 'retry-after': '30' }, body: {} }));
    const abort = new AbortController();
    const syncing = syncIssues(store, { kind: 'github', host: forge.host, project: 'o/n' }, { signal: abort.signal });
    setTimeout(() => abort.abort(new Error('enough')), 300);
    await assert.rejects(syncing, /enough/);
  });

  it('reads a GitLab project with the notes that people wrote', async (t) => {
    const thread = {
      ...{
        iid: 3,
        title: 'Slow',
        description: null,
        author: { username: 'bo' },
        labels: ['perf'],
        web_url: 'https://g/3',
      },
      created_at: '2026-01-01T00:00:00Z',
      updated_at: '2026-01-02T00:00:00Z',
    };
    const note = {
      id: 8,
      body: 'So slow',
      author: { username: 'cy' },
      created_at: thread.created_at,
      updated_at: thread.updated_at,
    };
    const { store, sync, forge } = await synced(t, ({ path: asked }) => {
      if (asked.endsWith('/issues')) return { body: [thread] };
      if (asked.endsWith('/issues/3/notes'))
        return {
          body: [
            { ...note, system: false },
            { ...note, id: 9, system: true },
          ],
        };
      return asked.endsWith('/merge_requests') ? { body: [thread] } : {};
    });
    assert.deepEqual(await sync(0, { kind: 'gitlab', project: 'group/sub/name' }), { issues: 2, comments: 1 });
    assert.deepEqual(
      items(store).map(({ kind, key }) => [kind, key]),
      [
        ['issue', '3'],
        ['comment', '3#8'],
        ['pullRequest', '!3'],
      ],
    );
    assert.equal(forge.calls[0]?.path, '/api/v4/projects/group/sub/name/issues');
  });
});

it('knows the addresses of GitHub in all its forms', () => {
  assert.equal(githubApi('https://github.com'), 'https://api.github.com');
  assert.equal(githubApi('https://git.example.org'), 'https://git.example.org/api/v3');
  assert.equal(githubApi('https://corp.ghe.com'), 'https://api.corp.ghe.com');
});
