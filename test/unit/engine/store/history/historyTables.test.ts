import assert from 'node:assert/strict';
import path from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import type { NewHistoryItem } from '../../../../../src/engine/store/history/historyTypes.ts';
import { RootStore } from '../../../../../src/engine/store/rootStore.ts';
import type { Mood } from '../../../../../src/shared/sentiment.ts';
import { fakeVector } from '../../../../support/fakeEncoder.ts';
import { historyItem } from '../../../../support/historyItems.ts';
import { temporaryFolder } from '../../../../support/temporaryFolder.ts';

const model = { fingerprint: 'fake', name: 'fake', dimension: 32 };
const negative: Mood = { label: 'negative', scores: { negative: 0.7, neutral: 0.2, positive: 0.1 } };

function openStore(t: TestContext, items: readonly NewHistoryItem[]): RootStore {
  const store = new RootStore(path.join(temporaryFolder(t), 'x.db'));
  t.after(() => store.close());
  store.acquire();
  store.writeHistory((history) => history.put(history.source('git', '').id, items));
  return store;
}

function embedAll(store: RootStore): void {
  store.writeHistory((history) => {
    const texts = history.texts(history.withoutVector(model.fingerprint));
    history.storeVectors(
      model,
      texts.map(({ contentHash, title }) => ({ contentHash, vector: fakeVector(title, 32) })),
    );
  });
}

describe('HistoryTables', () => {
  it('gives items back with author, files and labels', (t) => {
    const files = Array.from({ length: 25 }, (_, n) => ({ path: `src/f${n}.ts`, kind: 'modified' as const }));
    const store = openStore(t, [
      historyItem('a1', 'Fix it', { body: 'Why', files, labels: ['bug'], url: 'https://x/1' }),
    ]);
    const [item] = store.readHistory((history) => history.items([1, 99], undefined));
    assert.ok(item);
    assert.equal(item.fileCount, 25);
    assert.equal(item.files.length, 20);
    assert.deepEqual(
      [item.key, item.title, item.body, item.author, item.labels, item.url, item.mood, item.source],
      ['a1', 'Fix it', 'Why', 'Ada', ['bug'], 'https://x/1', undefined, ''],
    );
  });

  it('writes an item again only when it has changed', (t) => {
    const store = openStore(t, [historyItem('1', 'one'), historyItem('2', 'two')]);
    const put = (items: NewHistoryItem[]): number =>
      store.writeHistory((history) => history.put(history.source('git', '').id, items));
    assert.equal(put([historyItem('1', 'one')]), 0);
    assert.equal(put([historyItem('1', 'uno')]), 1);
    assert.deepEqual(
      store.readHistory((history) => history.keyword(['uno'], 5, {}).length),
      1,
    );
    assert.equal(store.readHistory((history) => history.keyword(['one'], 5, {})).length, 0);
    assert.equal(store.readHistory((history) => history.counts()).items, 2);
  });

  it('keeps moods and vectors of texts that go and come back', (t) => {
    const item = historyItem('a', 'ugh, again');
    const store = openStore(t, [item]);
    embedAll(store);
    store.writeHistory((history) => {
      const [text] = history.texts(history.withoutMood('c1', ['commit']));
      history.storeMoods('c1', [{ contentHash: text!.contentHash, mood: negative }]);
      history.remove(history.source('git', '').id, ['a']);
    });
    assert.equal(
      store.readHistory((history) => history.embedded('fake')),
      0,
    );
    store.writeHistory((history) => history.put(history.source('git', '').id, [{ ...item, key: 'rewritten' }]));
    assert.equal(
      store.writeHistory((history) => history.linkVectors('fake')),
      1,
    );
    store.readHistory((history) => {
      assert.deepEqual(history.withoutMood('c1', ['commit']), []);
      assert.deepEqual(history.withoutMood('c2', ['commit']).length, 1);
      assert.deepEqual(history.withoutVector('fake'), []);
      const [id] = history.byKey('rewr', 1);
      assert.equal(history.items([id!], 'c1')[0]?.mood?.label, 'negative');
      assert.equal(history.items([id!], 'c2')[0]?.mood, undefined);
    });
  });

  it('finds by words, by number and by vector, within a filter', (t) => {
    const store = openStore(t, [
      historyItem('abc123', 'Parse nested brackets', { files: [{ path: 'src/bracketParser.ts', kind: 'modified' }] }),
      historyItem('def456', 'Update the changelog', { files: [{ path: 'CHANGELOG.md', kind: 'modified' }] }),
      historyItem('7', 'Crash while parsing', { kind: 'issue' }),
    ]);
    embedAll(store);
    store.readHistory((history) => {
      const titles = (ids: readonly { id: number }[]): string[] =>
        history
          .items(
            ids.map(({ id }) => id),
            undefined,
          )
          .map(({ title }) => title);
      assert.deepEqual(titles(history.keyword(['bracket'], 5, {})), ['Parse nested brackets']);
      assert.deepEqual(titles(history.keyword(['pars'], 5, { kinds: ['issue'] })), ['Crash while parsing']);
      assert.deepEqual(history.keyword(['pars'], 5, { ids: new Set([2]) }), []);
      assert.equal(history.byKey('abc', 5).length, 1);
      const vector = fakeVector('Update the changelog', 32);
      assert.deepEqual(titles(history.dense('fake', vector, 1, {})), ['Update the changelog']);
      assert.deepEqual(titles(history.dense('fake', vector, 1, { kinds: ['issue'] })), ['Crash while parsing']);
      assert.deepEqual(history.dense('other', vector, 1, {}), []);
      const paths = [...history.paths()].filter(([, name]) => name.endsWith('.md')).map(([id]) => id);
      assert.deepEqual([...history.itemsTouching(paths)], history.byKey('def', 1));
    });
  });

  it('ranks rare words above common ones, and titles above bodies and paths', (t) => {
    const common = Array.from({ length: 20 }, (_, n) => historyItem(`c${n}`, `Update the parser ${n}`));
    const store = openStore(t, [
      ...common,
      historyItem('body', 'Something else', { body: 'A lighthouse, far away.' }),
      historyItem('title', 'Add a lighthouse', { body: 'Far away.' }),
      historyItem('path', 'Another thing', { files: [{ path: 'src/lighthouse.ts', kind: 'added' }] }),
    ]);
    const found = store.readHistory((history) => history.keyword(['parser', 'lighthous'], 5, {}));
    const keys = store
      .readHistory((history) =>
        history.items(
          found.map(({ id }) => id),
          undefined,
        ),
      )
      .map(({ key }) => key);
    assert.deepEqual(keys.slice(0, 3), ['title', 'path', 'body']);
    assert.ok(found.every(({ score }, at) => score > 0 && score <= (found[at - 1]?.score ?? Infinity)));
  });

  it('scans signs where there are many items, and finds the same nearest', (t) => {
    const titles = Array.from({ length: 3500 }, (_, n) => `commit number ${n}`);
    const store = openStore(
      t,
      titles.map((title, n) => historyItem(`k${n}`, title)),
    );
    embedAll(store);
    for (const title of titles.slice(1000, 1010)) {
      const [best] = store.readHistory((history) => history.dense('fake', fakeVector(title, 32), 1, {}));
      assert.equal(store.readHistory((history) => history.items([best!.id], undefined))[0]?.title, title);
    }
  });

  it('drops the oldest beyond a bound, and all traces of a source', (t) => {
    const store = openStore(
      t,
      [1, 2, 3].map((at) => historyItem(`k${at}`, `t${at}`, { at })),
    );
    embedAll(store);
    store.writeHistory((history) => {
      const { id } = history.source('git', '');
      assert.equal(history.trim(id, 2), 1);
      assert.deepEqual(history.keysOf(id).sort(), ['k2', 'k3']);
      assert.equal(history.embedded('fake'), 2);
      history.removeSource(id);
      assert.deepEqual([history.sources(), history.counts()], [[], { items: 0, commits: 0 }]);
    });
  });

  it('forgets other models and classifiers when told to', (t) => {
    const store = openStore(t, [historyItem('a', 'text')]);
    embedAll(store);
    store.writeHistory((history) => {
      const [text] = history.texts([1]);
      history.storeVectors({ ...model, fingerprint: 'new' }, [
        { contentHash: text!.contentHash, vector: fakeVector('x', 32) },
      ]);
      history.storeMoods('old', [{ contentHash: text!.contentHash, mood: negative }]);
      history.keepOnly({ model: 'new', classifier: 'now' });
      assert.deepEqual([history.embedded('fake'), history.embedded('new')], [0, 1]);
      assert.equal(history.withoutMood('old', ['commit']).length, 1);
    });
  });
});
