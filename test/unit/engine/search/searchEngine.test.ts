import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { SearchEngine } from '../../../../src/engine/search/searchEngine.ts';
import type { SearchRoot } from '../../../../src/engine/search/searchRoot.ts';
import type { SearchIndex, SearchSource } from '../../../../src/engine/store/searchIndex.ts';
import type { SearchRequest } from '../../../../src/shared/search.ts';
import { FakeEncoder } from '../../../support/fakeEncoder.ts';
import { indexedFile } from '../../../support/indexedFiles.ts';
import { searchRoot } from '../../../support/searchRoots.ts';

const engine = new SearchEngine();
const { signal } = new AbortController();

const files = [
  indexedFile('src/session.ts', [
    { name: 'signSession', text: 'export function signSession(id: string) {\n  return hmac(secret, id);\n}' },
    { name: 'verifySession', text: 'export function verifySession(id: string) {\n  return signSession(id) === id;\n}' },
    { name: 'rotateKeys', text: 'export function rotateKeys() {\n  keys.push(newKey());\n}' },
  ]),
  indexedFile('src/server.ts', [
    { name: 'Server', kind: 'class', text: 'export class Server {\n  handle() { return signSession(this.id); }\n}' },
  ]),
  indexedFile('test/session.test.ts', [
    { name: 'checksSignature', text: 'function checksSignature() {\n  signSession("a"); signSession("b");\n}' },
  ]),
  indexedFile('src/legacy/server.py', [{ name: 'server', text: 'def server():\n    return handle(session)' }], {
    language: 'python',
  }),
  indexedFile('README.md', [{ name: 'Sessions', kind: 'section', text: '# Sessions\nHow a session is signed.' }]),
];

function request(query: string, more: Partial<SearchRequest> = {}): SearchRequest {
  return { query, mode: 'keyword', limit: 10, filters: {}, ...more };
}

/** The index with some of its answers replaced. */
function changed(index: SearchIndex, answers: Partial<SearchSource>): SearchSource {
  return new Proxy(index, {
    get(_index, key) {
      if (key in answers) return Reflect.get(answers, key) as unknown;
      const value: unknown = Reflect.get(index, key);
      return typeof value === 'function' ? (value.bind(index) as unknown) : value;
    },
  });
}

async function paths(context: TestContext, query: string, more: Partial<SearchRequest> = {}): Promise<string[]> {
  const response = await engine.search([await searchRoot(context, files)], undefined, request(query, more), signal);
  return response.results.map(({ path, symbol }) => `${path}#${symbol}`);
}

test('a definition comes before its uses, and source before tests', async (context) => {
  const found = await paths(context, 'signSession');
  assert.equal(found[0], 'src/session.ts#signSession');
  assert.ok(found.indexOf('src/server.ts#Server') < found.indexOf('test/session.test.ts#checksSignature'));
});

test('tests come first when they are asked for', async (context) => {
  assert.equal(
    (await paths(context, 'test that a session signature is checked'))[0],
    'test/session.test.ts#checksSignature',
  );
});

test('a path finds its file', async (context) => {
  for (const query of ['src/legacy/server.py', 'legacy/server', 'server.py']) {
    assert.equal((await paths(context, query))[0], 'src/legacy/server.py#server', query);
  }
});

test('a file has one place among the best before its further chunks', async (context) => {
  const found = await paths(context, 'session server');
  const order = found.map((item) => item.split('#')[0]);
  assert.equal(new Set(order.slice(0, 3)).size, 3);
});

test('filters narrow by language, path, kind and scope', async (context) => {
  assert.deepEqual(await paths(context, 'session', { filters: { languages: ['python'] } }), [
    'src/legacy/server.py#server',
  ]);
  assert.deepEqual(await paths(context, 'session', { filters: { kinds: ['class'] } }), ['src/server.ts#Server']);
  assert.deepEqual(await paths(context, 'session', { filters: { scopes: ['docs'] } }), ['README.md#Sessions']);
  assert.deepEqual(await paths(context, 'session', { filters: { paths: ['test'] } }), [
    'test/session.test.ts#checksSignature',
  ]);
  const without = await paths(context, 'session', { filters: { paths: ['!src', '!test'] } });
  assert.deepEqual(without, ['README.md#Sessions']);
  assert.deepEqual(await paths(context, 'session', { filters: { paths: ['nowhere'] } }), []);
});

test('pages follow each other without gap or repetition, and the last says so', async (context) => {
  const roots = [await searchRoot(context, files)];
  const all = await engine.search(roots, undefined, request('session', { limit: 100 }), signal);
  assert.equal(all.more, false);
  const paged: number[] = [];
  for (let offset = 0; ; offset += 2) {
    const page = await engine.search(roots, undefined, request('session', { limit: 2, offset }), signal);
    paged.push(...page.results.map(({ chunkId }) => chunkId));
    if (!page.more) break;
  }
  assert.deepEqual(
    paged,
    all.results.map(({ chunkId }) => chunkId),
  );
});

test('signals explain the order: they sum to a raw score that falls with the final one', async (context) => {
  const { results } = await engine.search(
    [await searchRoot(context, files)],
    undefined,
    request('sign session'),
    signal,
  );
  const raw = results.map(({ signals }) => Object.values(signals).reduce((sum, value) => sum + value, 0));
  assert.equal(results[0]!.score, 1);
  for (const [index, result] of results.entries()) {
    assert.ok(result.score >= 0 && result.score <= 1);
    const expected = Math.min(1, Math.max(0, raw[index]! / raw[0]!));
    assert.ok(Math.abs(result.score - expected) < 1e-9);
    if (index > 0) assert.ok(raw[index]! <= raw[index - 1]! + 1e-9);
  }
  assert.deepEqual(results[0]!.matches, ['signSession']);
});

for (const query of ['"', '*', 'NEAR(', 'a AND', '^x', "';--", 'path:x OR -y', '{}', '(((', '\u0000', '😀']) {
  test(`the query ${JSON.stringify(query)} is harmless`, async (context) => {
    assert.ok(Array.isArray(await paths(context, query)));
  });
}

test('an empty query and an enormous one are refused in clear words', async (context) => {
  const roots = [await searchRoot(context, files)];
  for (const query of ['', ' \n\t', 'x'.repeat(100_000)]) {
    await assert.rejects(engine.search(roots, undefined, request(query), signal), { code: 'invalid_argument' });
  }
});

test('hybrid search falls back to keywords, and says why', async (context) => {
  const hybrid = request('sign session', { mode: 'hybrid' });
  const bare = [await searchRoot(context, files)];
  const encoder = new FakeEncoder();
  const embedded = [await searchRoot(context, files, encoder)];
  const broken = new FakeEncoder();
  broken.embed = () => Promise.reject(new Error('out of memory'));
  for (const [roots, used, why] of [
    [bare, undefined, /no model/],
    [bare, encoder, /nothing is embedded/],
    [embedded, broken, /out of memory/],
  ] as const) {
    const response = await engine.search(roots, used, hybrid, signal);
    assert.equal(response.mode, 'keyword');
    assert.match(response.notice ?? '', why);
    assert.equal(response.results[0]?.symbol, 'signSession');
  }
});

test('semantic search finds what the vectors say, hybrid joins both', async (context) => {
  const encoder = new FakeEncoder();
  const roots = [await searchRoot(context, files, encoder)];
  // The fake gives equal texts equal vectors, so this query's vector is that of one chunk.
  const twin = 'export function rotateKeys() {\n  keys.push(newKey());\n}';
  const semantic = await engine.search(roots, encoder, request(twin, { mode: 'semantic' }), signal);
  assert.equal(semantic.mode, 'semantic');
  assert.equal(semantic.results[0]?.symbol, 'rotateKeys');
  assert.equal(semantic.embeddedShare, 1);
  assert.ok((semantic.results[0].signals['meaning'] ?? 0) > 0);
  assert.equal(semantic.results[0].signals['keyword'], undefined);
  const hybrid = await engine.search(roots, encoder, request(twin, { mode: 'hybrid' }), signal);
  assert.equal(hybrid.results[0]?.symbol, 'rotateKeys');
  assert.ok((hybrid.results[0].signals['keyword'] ?? 0) > 0);
});

test('several roots answer together, each with its own name', async (context) => {
  const other = await searchRoot(
    context,
    [
      indexedFile('lib/session.go', [
        { name: 'Session', kind: 'struct', text: 'type Session struct { session string }' },
      ]),
    ],
    undefined,
    'file:///other',
  );
  const roots: SearchRoot[] = [await searchRoot(context, files), other];
  const { results } = await engine.search(roots, undefined, request('session'), signal);
  assert.deepEqual(new Set(results.map(({ root }) => root)), new Set(['file:///root', 'file:///other']));
});

test('no roots and empty roots give no results', async (context) => {
  assert.deepEqual((await engine.search([], undefined, request('session'), signal)).results, []);
  const empty = [await searchRoot(context, [])];
  assert.deepEqual((await engine.search(empty, undefined, request('session'), signal)).results, []);
});

test('a cancelled search rejects with the reason', async (context) => {
  const roots = [await searchRoot(context, files)];
  const abort = new AbortController();
  abort.abort(new Error('typed on'));
  await assert.rejects(engine.search(roots, undefined, request('session'), abort.signal), /typed on/);
});

test('similar code is found elsewhere, never at the place itself', async (context) => {
  const encoder = new FakeEncoder();
  const text = 'export function add(a, b) {\n  return a + b + offset;\n}';
  const twins = [
    indexedFile('a.ts', [
      { name: 'add', text },
      { name: 'other', text: 'function other() {\n  return 1;\n}' },
    ]),
    indexedFile('b.ts', [{ name: 'add', text }]),
  ];
  const roots = [await searchRoot(context, twins, encoder)];
  const location = { root: 'file:///root', path: 'a.ts', startLine: 2, endLine: 2 };
  const { results, mode } = await engine.similar(roots, encoder, { location, limit: 5, filters: {} }, signal);
  assert.equal(mode, 'hybrid');
  assert.equal(results[0]?.path, 'b.ts');
  assert.ok(results.every((result) => result.path !== 'a.ts' || result.startLine > 3));
  const nowhere = { ...location, path: 'c.ts' };
  await assert.rejects(engine.similar(roots, encoder, { location: nowhere, limit: 5, filters: {} }, signal), {
    code: 'not_found',
  });
  const closed = { ...location, root: 'file:///closed' };
  await assert.rejects(engine.similar(roots, encoder, { location: closed, limit: 5, filters: {} }, signal), {
    code: 'not_found',
  });
});

test('duplicates are grouped; trivial and overlapping chunks are not', async (context) => {
  const encoder = new FakeEncoder();
  const body = Array.from({ length: 6 }, (_, index) => `  total += weights[${index}] * values[${index}];`).join('\n');
  const copy = `function weigh(weights, values) {\n${body}\n}`;
  const tiny = 'get x() {\n  return 1;\n}';
  const imports = ['alpha', 'beta', 'gamma', 'delta'].map((name) => `import { ${name} } from './modules/${name}.ts';`);
  const copies = ['a.ts', 'b.ts', 'c.ts'].map((path) => {
    const file = indexedFile(path, [
      { name: 'weigh', text: copy },
      { name: 'x', text: tiny },
      { name: '', kind: 'block', text: imports.join('\n') },
    ]);
    const chunks = file.chunks.map((item) => ({
      ...item,
      chunk: { ...item.chunk, definition: item.chunk.name !== '' },
    }));
    return { ...file, chunks };
  });
  const response = await engine.duplicates([await searchRoot(context, copies, encoder)], { threshold: 0.95 }, signal);
  assert.deepEqual(
    response.groups.map(({ members }) => members.map(({ path, symbol }) => `${path}#${symbol}`).sort()),
    [['a.ts#weigh', 'b.ts#weigh', 'c.ts#weigh']],
  );
  assert.ok(response.groups[0]!.score > 0.999);
});

test('a chunk that is gone when its text is read makes room for the next; two indexes may use the same ids', async (context) => {
  const one = await searchRoot(context, files);
  const other = await searchRoot(context, files);
  const asked = (roots: readonly SearchRoot[], limit: number) =>
    engine.search(roots, undefined, request('session', { limit }), signal);
  const all = await asked([one, other], 50);
  const isBest = ({ path, symbol }: { path: string; symbol: string }): boolean =>
    path === all.results[0]!.path && symbol === all.results[0]!.symbol;
  const whole: SearchIndex = one.index;
  const losing = changed(whole, { chunks: (ids) => whole.chunks(ids).filter((row) => !isBest(row)) });
  const roots = [{ root: one.root, index: losing }, other];
  assert.equal((await asked(roots, 3)).results.length, 3);
  const left = await asked(roots, 50);
  assert.deepEqual(
    [all, left].map(({ results }) => results.filter(isBest).length),
    [2, 1],
  );
  assert.deepEqual([left.results.length, left.more], [all.results.length - 1, false]);
});

test('of many searches at once the first are done while the last wait, and a cancelled one is done with at its turn', async (context) => {
  const { root, index } = await searchRoot(context, files);
  const done: number[] = [];
  let underWay = 0;
  let most = 0;
  const slow = changed(index, {
    keyword: async (...asked) => {
      most = Math.max(most, ++underWay);
      await sleep(5);
      underWay--;
      return index.keyword(...asked);
    },
  });
  const cancelled = new AbortController();
  const search = async (place: number): Promise<void> => {
    const own = place === 20 ? cancelled.signal : signal;
    await engine.search([{ root, index: slow }], undefined, request('signSession'), own);
    done.push(place);
    // By now the others have asked and wait.
    cancelled.abort(new Error('no longer wanted'));
  };
  const all = await Promise.allSettled(Array.from({ length: 30 }, (_, place) => search(place)));
  assert.ok(most > 1 && most <= 4, String(most));
  assert.deepEqual(
    all.flatMap(({ status }, place) => (status === 'rejected' ? [place] : [])),
    [20],
  );
  assert.deepEqual(
    done.slice(0, 8).toSorted((left, right) => left - right),
    [0, 1, 2, 3, 4, 5, 6, 7],
  );
});
