import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { test, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import type { EngineClient } from '../../../src/extension/engine/engineClient.ts';
import type { HistoryStatus } from '../../../src/shared/history.ts';
import type { MoodReport } from '../../../src/shared/mood.ts';
import { GitRepository } from '../../support/gitRepository.ts';
import { realEngine } from '../../support/realEngine.ts';
import { waitFor } from '../../support/waitFor.ts';

/** Some seconds of work, so that there is a middle to be killed in. */
const commits = 4000;
const words =
  'parser reader writer header table column index cache thread queue folder window socket buffer branch'.split(' ');
/** Numbers are not read: messages that are to be classified one by one differ in words. */
function body(n: number): string {
  const pick = (at: number): number => (n * 7919 + at * at * 104_729 + (n >> (at % 8))) % words.length;
  return Array.from({ length: 60 }, (_, at) => words[pick(at)]).join(' ');
}
const slow = 240_000;

interface Window {
  readonly client: EngineClient;
  readonly repository: GitRepository;
  readonly statuses: HistoryStatus[];
  report(): Promise<MoodReport>;
  pid(): number;
}

/** The real engine over a repository of many commits, of which every tenth is plainly negative. */
async function openWindow(t: TestContext): Promise<Window> {
  const { client, home } = realEngine(t);
  const repository = new GitRepository(path.join(home, 'project'));
  const stream = Array.from({ length: commits }, (_, n) => {
    const message =
      n % 10 === 0 ? `I hate this terrible, awful, broken mess (${n})` : `Update entry ${n}\n\n${body(n)}`;
    const head = `commit refs/heads/main\ncommitter A <a@b> ${1_700_000_000 + n * 60} +0000\n`;
    return `${head}data ${message.length}\n${message}\nM 644 inline src/f${n % 7}.ts\ndata ${String(n).length}\n${n}\n`;
  }).join('');
  execFileSync('git', ['fast-import', '--quiet'], { cwd: repository.directory, input: stream });
  const statuses: HistoryStatus[] = [];
  client.onHistory((status) => void statuses.push(status));
  const folder = repository.directory;
  await client.setRoots([{ uri: pathToFileURL(folder).href, path: folder, name: 'project' }]);
  return {
    client,
    repository,
    statuses,
    report: () => client.request('mood', { kinds: ['commit'], by: 'month', folder: '', listed: 5, byAuthor: false }),
    pid: () => {
      const { state } = client;
      assert.ok(state.kind === 'running');
      return state.pid;
    },
  };
}

test('an engine that is killed while it classifies goes on where it was', { timeout: 2 * slow }, async (t) => {
  const window = await openWindow(t);
  const { client } = window;
  const stopWatching = client.onHistory(({ classified }) => {
    if (classified < 256) return;
    stopWatching();
    process.kill(window.pid(), 'SIGKILL');
  });
  const preparing = client.request('prepareMood', { kinds: ['commit'] }).catch((error: unknown) => error);
  assert.ok((await preparing) instanceof Error);
  const between = await window.report();
  assert.ok(between.pending < between.items, 'what was done is kept');
  await client.request('prepareMood', { kinds: ['commit'] });
  const { items, pending, counts, places } = await window.report();
  assert.deepEqual([items, pending, counts.negative], [commits, 0, commits / 10]);
  assert.deepEqual(
    places.map(({ path: place, folder }) => [place, folder]),
    [['src', true]],
  );
});

test('cancelling stops the work, and wrong requests get typed errors', { timeout: slow }, async (t) => {
  const { client, repository, statuses } = await openWindow(t);
  const abort = new AbortController();
  const preparing = client.request('prepareMood', { kinds: ['commit'] }, abort.signal);
  await waitFor('the work to begin', () => statuses.some(({ phase }) => phase !== 'idle'), slow);
  abort.abort(new Error('enough'));
  await assert.rejects(preparing);
  await waitFor('the end of it', () => statuses.at(-1)?.phase === 'idle', slow);
  const root = pathToFileURL(repository.directory).href;
  const unknown = client.request('prepareMood', { kinds: ['commit'], roots: ['file:///nowhere'] });
  await assert.rejects(unknown, { code: 'not_found' });
  await assert.rejects(client.request('showCommit', { root, source: '', sha: '--exec=x' }), {
    code: 'invalid_argument',
  });
  await assert.rejects(client.request('explainMood', { root, id: 999_999 }), { code: 'not_found' });
  const wrong = client.request('mood', {
    kinds: ['nonsense' as 'commit'],
    by: 'week',
    folder: '',
    listed: 5,
    byAuthor: false,
  });
  await assert.rejects(wrong, { code: 'invalid_argument' });
});
