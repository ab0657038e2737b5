import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { importIssues } from '../../../../src/engine/issues/importIssues.ts';
import { RootStore } from '../../../../src/engine/store/rootStore.ts';
import type { IssueSync } from '../../../../src/shared/mood.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';

interface Importer {
  readonly run: (name: string, content: string) => Promise<IssueSync>;
  readonly rows: () => unknown[][];
}

function importer(t: TestContext): Importer {
  const folder = temporaryFolder(t);
  const store = new RootStore(path.join(folder, 'x.db'));
  t.after(() => store.close());
  store.acquire();
  return {
    run: (name: string, content: string) => {
      fs.writeFileSync(path.join(folder, name), content);
      return importIssues(store, path.join(folder, name));
    },
    rows: () =>
      store.readHistory((history) =>
        history
          .items(
            history.moodRows('', 0, 100).map(({ id }) => id),
            undefined,
          )
          .map(({ kind, key, title, body, author, at, labels }) => [kind, key, title, body, author, at, labels]),
      ),
  };
}

describe('importIssues', () => {
  it('reads an array as the forges’ tools write it, with comments', async (t) => {
    const { run, rows } = importer(t);
    const issue = {
      number: 5,
      title: 'Broken',
      body: 'Sad',
      author: { login: 'ada', name: null },
      createdAt: '2026-01-01T00:00:00Z',
      labels: [{ name: 'bug' }],
      comments: [{ id: 'c1', body: 'Same', author: { login: 'bo' }, createdAt: '2026-01-02T00:00:00Z' }],
    };
    assert.deepEqual(await run('a.json', JSON.stringify([issue])), { issues: 1, comments: 1 });
    assert.deepEqual(rows(), [
      ['issue', '5', 'Broken', 'Sad', 'ada', 1767225600, ['bug']],
      ['comment', '5#c1', '', 'Same', 'bo', 1767312000, []],
    ]);
  });

  it('reads one object a line, and CSV with a head', async (t) => {
    const { run, rows } = importer(t);
    await run('a.jsonl', '{"id":1,"text":"one"}\n{"id":2,"text":"two","kind":"comment"}\n');
    await run('b.csv', '\uFEFFnumber,title,body,author,labels\r\n7,"Says ""no""","a, b",eve,"bug; ui"\r\n');
    assert.deepEqual(rows(), [
      ['issue', '1', '', 'one', '', 0, []],
      ['comment', '2', '', 'two', '', 0, []],
      ['issue', '7', 'Says "no"', 'a, b', 'eve', 0, ['bug', 'ui']],
    ]);
  });

  it('replaces what an earlier import of the file gave', async (t) => {
    const { run, rows } = importer(t);
    await run('a.json', '[{"id":1,"title":"one"},{"id":2,"title":"two"}]');
    await run('a.json', '[{"id":2,"title":"deux"}]');
    assert.deepEqual(
      rows().map(([, key, title]) => [key, title]),
      [['2', 'deux']],
    );
  });

  it('refuses what it cannot read, and then changes nothing', async (t) => {
    const { run, rows } = importer(t);
    await run('a.json', '[{"id":1,"title":"one"}]');
    await assert.rejects(run('a.json', '[{"id":1'), { code: 'invalid_argument', message: /not valid JSON/ });
    await assert.rejects(run('a.json', '[{"id":1,"title":"x"},{"id":2}]'), { message: /Entry 2 is not an issue/ });
    await assert.rejects(run('a.csv', 'a,b\n1,2\n'), { message: /Entry 1/ });
    assert.equal(rows().length, 1);
  });
});
