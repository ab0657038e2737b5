import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test, type TestContext } from 'node:test';
import { defaultHubTiming } from '../../../src/engine/models/hubConnection.ts';
import { ModelLibrary } from '../../../src/engine/models/modelLibrary.ts';
import { ModelService } from '../../../src/engine/models/modelService.ts';
import { createEncoder } from '../../../src/engine/runtime/createEncoder.ts';
import { SextantError, type ErrorCode } from '../../../src/shared/errors.ts';
import type { HubAccess, ModelInstallation, ModelProgress } from '../../../src/shared/models.ts';
import {
  commit,
  testHub,
  testProxy,
  testStore,
  type HubFault,
  type HubModel,
  type TestHub,
} from '../../support/hubServer.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { waitFor } from '../../support/waitFor.ts';
import { tinyBaseFiles, tinyModelFiles } from '../../support/tinyModel.ts';

const repository = 'acme/tiny-embed';
const weights = 'model.safetensors';
const files = tinyModelFiles();
const weightBytes = files[weights]!.length;

interface Bench {
  readonly hub: TestHub;
  readonly service: ModelService;
  readonly library: ModelLibrary;
  readonly progress: ModelProgress[];
  readonly access: HubAccess;
  add(signal?: AbortSignal): Promise<ModelInstallation>;
}

async function bench(
  t: TestContext,
  model: Partial<HubModel> = {},
  access: Partial<HubAccess> = {},
  stallMs = 10_000,
): Promise<Bench> {
  const hub = await testHub(t, [{ repository, files, license: 'apache-2.0', ...model }]);
  const library = new ModelLibrary(path.join(temporaryFolder(t), 'models'));
  const progress: ModelProgress[] = [];
  const timing = { ...defaultHubTiming, attempts: 4, firstDelayMs: 5, longestDelayMs: 20, stallMs };
  const service = new ModelService({ library, timing, onProgress: (state) => progress.push(state) });
  const all: HubAccess = { endpoint: hub.address, useProxy: false, ...access };
  const request = { repository, commit, license: 'apache-2.0', access: all, task: 'test' };
  return { hub, service, library, progress, access: all, add: (signal) => service.add(request, signal) };
}

function withFault(fault: HubFault, file = weights): Partial<HubModel> {
  return { faults: { [file]: fault } };
}

async function rejectsWith(code: ErrorCode, promise: Promise<unknown>, message?: RegExp, hint?: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof SextantError, String(error));
    assert.equal(error.code, code, error.message);
    if (message !== undefined) assert.match(error.message, message);
    if (hint !== undefined) assert.match(error.hint ?? '', hint);
    return true;
  });
}

/** The library holds no model, and no file under the model's final name. */
async function nothingInstalled({ library }: Bench): Promise<void> {
  assert.deepEqual(
    (await library.list()).filter(({ embedded }) => !embedded),
    [],
  );
}

test('a model is offered with its licence, installed with its own pooling and prefixes, and embeds', async (t) => {
  const bed = await bench(t);
  const offer = await bed.service.offer(repository, bed.access);
  assert.deepEqual(
    [offer.commit, offer.license, offer.purpose, offer.installed, offer.notes],
    [commit, 'apache-2.0', 'embedding', false, []],
  );
  const { model, notes } = await bed.add();
  assert.deepEqual(notes, []);
  assert.deepEqual(
    [model.name, model.license, model.dimension, model.purpose],
    [repository, 'apache-2.0', 64, 'embedding'],
  );
  assert.equal(bed.hub.requestsFor('model.onnx').length, 0, 'only needed files are fetched');
  const manifest = JSON.parse(readFileSync(path.join(model.directory, 'sextant.json'), 'utf8')) as Record<
    string,
    unknown
  >;
  assert.deepEqual(manifest['prefixes'], { query: 'ask: ', document: '' });
  assert.equal(manifest['pooling'], 'cls');
  assert.deepEqual(readdirSync(bed.library.staging('.')), [], 'nothing is left of the download');
  const encoder = await createEncoder({ modelDir: model.directory, threads: 1, backend: 'cpu' });
  t.after(() => encoder.dispose());
  const { embeddings } = await encoder.embed(['w7 w8'], 'document');
  assert.equal(embeddings[0]!.length, 64);
  const last = bed.progress.at(-1)!;
  assert.deepEqual([last.phase, last.doneBytes], ['checking', last.totalBytes]);
});

test('what was accepted is what is installed: another licence is refused', async (t) => {
  const bed = await bench(t);
  const request = { repository, commit, access: bed.access, task: 'test' };
  await rejectsWith('license_required', bed.service.add({ ...request, license: 'mit' }), /apache-2\.0/);
  await rejectsWith('license_required', bed.service.add(request));
  await nothingInstalled(bed);
});

describe('a line that fails', () => {
  test('a cut is resumed where it was, and the same bytes are not fetched twice', async (t) => {
    const bed = await bench(t, withFault({ cutAfter: (n) => (n <= 2 ? 30_000 : undefined) }));
    await bed.add();
    const ranges = bed.hub.requestsFor(weights).map(({ headers }) => headers.range);
    assert.deepEqual(ranges, [undefined, 'bytes=30000-', 'bytes=60000-']);
    assert.match(String(bed.hub.requestsFor(weights)[1]!.headers['if-range']), /^"/);
    assert.ok(bed.progress.some(({ phase }) => phase === 'waiting'));
  });

  test('a download that gets further each time is not given up', async (t) => {
    const pieces = Math.ceil(weightBytes / 40_000);
    assert.ok(pieces > 5, 'more cuts than attempts');
    const bed = await bench(t, withFault({ cutAfter: () => 40_000 }));
    await bed.add();
  });

  test('silence in the middle counts as a cut', async (t) => {
    const bed = await bench(t, withFault({ stallAfter: (n) => (n === 1 ? 10_000 : undefined) }), {}, 1500);
    await bed.add();
    assert.deepEqual(
      bed.hub.requestsFor(weights).map(({ headers }) => headers.range),
      [undefined, 'bytes=10000-'],
    );
  });

  test('a hub that never gets anywhere is given up with a clear error, and what came is kept', async (t) => {
    const bed = await bench(
      t,
      withFault({ status: (n) => (n > 1 ? { status: 503 } : undefined), cutAfter: () => 50_000 }),
    );
    await rejectsWith('network', bed.add(), /503/);
    await nothingInstalled(bed);
    const { partialBytes } = await bed.service.offer(repository, bed.access);
    assert.ok(partialBytes >= 50_000);
    const { freedBytes } = await bed.service.discardDownloads();
    assert.ok(freedBytes >= 50_000);
  });

  test('a server that ignores the range starts the file anew', async (t) => {
    const bed = await bench(t, withFault({ ignoresRange: true, cutAfter: (n) => (n === 1 ? 30_000 : undefined) }));
    const { model } = await bed.add();
    assert.equal(statSync(path.join(model.directory, weights)).size, weightBytes);
  });

  test('a file that changed under its name starts anew', async (t) => {
    const fault: HubFault = { etag: (n) => `"v${n}"`, cutAfter: (n) => (n === 1 ? 30_000 : undefined) };
    await (await bench(t, withFault(fault))).add();
  });

  test('another range than was asked for is not taken', async (t) => {
    const bed = await bench(t, withFault({ wrongRange: true, cutAfter: (n) => (n === 1 ? 30_000 : undefined) }));
    await bed.add();
    assert.equal(bed.hub.requestsFor(weights).length, 3);
  });

  test('a slow line that moves is no stall', async (t) => {
    const bed = await bench(t, withFault({ slowMs: 60 }, 'tokenizer.json'), {}, 1500);
    await bed.add();
    assert.equal(bed.hub.requestsFor('tokenizer.json').length, 1);
  });

  test('an unreachable hub says so at once', async (t) => {
    const bed = await bench(t, {}, { endpoint: 'http://127.0.0.1:9' });
    await rejectsWith('network', bed.service.offer(repository, bed.access), /127\.0\.0\.1:9/);
    await rejectsWith('invalid_argument', bed.service.offer(repository, { endpoint: 'ftp://x' }));
  });
});

describe('wrong contents', () => {
  test('are fetched once more, and never installed', async (t) => {
    const bed = await bench(t, withFault({ corrupt: () => true }));
    await rejectsWith('model_invalid', bed.add(), /not the file it announces/);
    assert.equal(bed.hub.requestsFor(weights).length, 2);
    await nothingInstalled(bed);
    const small = await bench(t, withFault({ corrupt: () => true }, 'tokenizer.json'));
    await rejectsWith('model_invalid', small.add(), /tokenizer\.json/);
  });

  test('a part that went bad is replaced', async (t) => {
    const bed = await bench(t, withFault({ corrupt: (n) => n === 1 }));
    await bed.add();
  });

  test('a damaged file of an earlier attempt is noticed', async (t) => {
    const bed = await bench(t, withFault({ status: (n) => (n <= 4 ? { status: 500 } : undefined) }));
    await rejectsWith('network', bed.add());
    const staging = bed.library.staging('acme--tiny-embed@c0ffee00');
    const config = path.join(staging, 'config.json');
    assert.ok(existsSync(config));
    writeFileSync(config, Buffer.alloc(statSync(config).size, 32));
    await bed.add();
    assert.equal(bed.hub.requestsFor('config.json').length, 3, 'pooling config once, config.json twice');
  });
});

describe('refusals', () => {
  test('a model that is not there, private or gated, each with what to do', async (t) => {
    const bed = await bench(t);
    await rejectsWith('access_denied', bed.service.offer('acme/none', bed.access), /no public acme\/none/);
    await rejectsWith('not_found', bed.service.offer('acme/none', { ...bed.access, token: 'x' }), /acme\/none/);
    await rejectsWith('not_found', bed.service.offer(repository, bed.access, { revision: 'v9' }), /revision/);
    const secret = await bench(t, { token: 'good' });
    await rejectsWith('access_denied', secret.add(), /public/, /token/);
    const bad = await bench(t, { token: 'good' }, { token: 'bad' });
    await rejectsWith('access_denied', bad.add(), /does not let this token/);
    await (await bench(t, { token: 'good' }, { token: 'good' })).add();
    const gated = await bench(t, { gated: true, token: 'good' });
    assert.equal((await gated.service.offer(repository, gated.access)).gated, true);
    await rejectsWith('access_denied', gated.add(), /gated/, /accept the terms/);
  });

  test('too many requests are waited for as long as the hub says', async (t) => {
    const busy = (n: number): ReturnType<NonNullable<HubFault['status']>> =>
      n === 1 ? { status: 429, headers: { 'retry-after': '1' } } : undefined;
    const bed = await bench(t, { faults: { [weights]: { status: busy }, api: { status: busy } } });
    const start = performance.now();
    await bed.add();
    assert.ok(performance.now() - start > 1900, 'a second each for API and file');
    const never = await bench(t, withFault({ status: () => ({ status: 429, headers: { 'retry-after': '86400' } }) }));
    await rejectsWith('rate_limited', never.add());
    assert.equal(never.hub.requestsFor(weights).length, 1);
  });

  test('names that would lead elsewhere are no names', async (t) => {
    const bed = await bench(t);
    for (const name of ['../../etc', 'acme/../..', 'a/b/c', 'acme/tiny embed', '', '/x', 'acme/tiny@../x', 'C:\\x']) {
      await rejectsWith('invalid_argument', bed.service.offer(name, bed.access));
    }
    assert.equal(bed.hub.seen.length, 0);
    const copied = await bed.service.offer(`https://hub.example/${repository}/tree/main`, bed.access);
    assert.equal(copied.repository, repository);
  });

  test('pickled, split and incomplete repositories are refused with the reason, before any download', async (t) => {
    const without = (...names: string[]): Record<string, Buffer> =>
      Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
    const some = Buffer.from('{}');
    const cases: [Record<string, Buffer>, RegExp][] = [
      [{ ...without(weights), 'pytorch_model.bin': some }, /pickled/],
      [{ ...without(weights), 'model.safetensors.index.json': some }, /several files/],
      [without(weights), /no model\.safetensors/],
      [without('tokenizer.json'), /no tokenizer\.json/],
      [without('config.json'), /no config\.json/],
    ];
    for (const [listing, reason] of cases) {
      const bed = await bench(t, { files: listing });
      await rejectsWith('model_invalid', bed.service.offer(repository, bed.access), reason);
      await rejectsWith('model_invalid', bed.add(), reason);
      assert.ok(bed.hub.seen.every(({ path: asked }) => asked.startsWith('/api/')));
    }
  });

  test('an architecture or size we cannot run is refused before its weights come', async (t) => {
    const config = (changes: object): Record<string, Buffer> => ({
      ...files,
      'config.json': Buffer.from(
        JSON.stringify({ ...(JSON.parse(files['config.json']!.toString()) as object), ...changes }),
      ),
    });
    for (const changes of [{ model_type: 'gpt2' }, { hidden_size: 2 ** 40 }, { num_hidden_layers: 1e9 }]) {
      const bed = await bench(t, { files: config(changes) });
      await rejectsWith('model_invalid', bed.add());
      assert.equal(bed.hub.requestsFor(weights).length, 0);
    }
  });

  test('weights that lie about themselves are not installed', async (t) => {
    const header = Buffer.alloc(8);
    header.writeBigUInt64LE(2n ** 62n);
    const bed = await bench(t, { files: { ...files, [weights]: Buffer.concat([header, Buffer.alloc(30_000)]) } });
    await rejectsWith('model_invalid', bed.add(), /header claims/);
    await nothingInstalled(bed);
  });
});

test('the token goes to the hub and to no other host', async (t) => {
  const store = await testStore(t, files[weights]!);
  const bed = await bench(
    t,
    { token: 'secret', ...withFault({ redirect: `${store.address}/blob` }) },
    { token: 'secret' },
  );
  await bed.add();
  assert.ok(bed.hub.seen.every(({ headers }) => headers.authorization === 'Bearer secret'));
  assert.ok(store.seen.length > 0 && store.seen.every(({ headers }) => headers.authorization === undefined));
});

test('redirects in circles end', async (t) => {
  const bed = await bench(t, withFault({ redirect: `/${repository}/resolve/${commit}/${weights}` }));
  await rejectsWith('network', bed.add(), /circles/);
});

test('cancelling leaves nothing installed and keeps what came for the next time', async (t) => {
  const bed = await bench(t, withFault({ slowMs: 5 }));
  const abort = new AbortController();
  const adding = bed.add(abort.signal);
  const part = path.join(bed.library.staging('acme--tiny-embed@c0ffee00'), `${weights}.part`);
  await waitFor('some of the weights to be stored', () => existsSync(part) && statSync(part).size > 0);
  abort.abort();
  await assert.rejects(adding, { name: 'AbortError' });
  await nothingInstalled(bed);
  const { partialBytes } = await bed.service.offer(repository, bed.access);
  assert.ok(partialBytes > 0);
  await bed.add();
  assert.match(bed.hub.requestsFor(weights).at(-1)!.headers.range ?? '', /^bytes=\d+-$/);
});

test('two processes do not fetch the same model at once', async (t) => {
  const bed = await bench(t, withFault({ slowMs: 3 }));
  const first = bed.add();
  while (bed.hub.requestsFor(weights).length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await rejectsWith('database_busy', bed.add());
  const { model } = await first;
  const again = await bed.add();
  assert.equal(again.model.id, model.id, 'what is installed is not fetched again');
});

test('a proxy is used where it is set, and not for the hosts it is not for', async (t) => {
  const proxy = await testProxy(t);
  const bed = await bench(t, {}, { useProxy: true, proxy: proxy.address, noProxy: [] });
  await bed.add();
  // How many tunnels there are depends on how soon one is free again.
  assert.ok(proxy.hosts.length > 0);
  const direct = await bench(t, {}, { useProxy: true, proxy: proxy.address, noProxy: ['127.0.0.1'] });
  const before = proxy.hosts.length;
  await direct.add();
  assert.equal(proxy.hosts.length, before);
  await rejectsWith('invalid_argument', bed.service.offer(repository, { ...bed.access, proxy: 'no address' }), /proxy/);
});

test('bases install and say that they need fine-tuning', async (t) => {
  for (const name of ['modernbert-v4', 'bert', 'roberta', 'distilbert', 'xlm-roberta']) {
    const bed = await bench(t, { files: tinyBaseFiles(name) });
    const offer = await bed.service.offer(repository, bed.access);
    assert.equal(offer.purpose, 'base');
    const { model, notes } = await bed.add();
    assert.equal(model.purpose, 'base', name);
    assert.match(notes.join(' '), /fine-tune/);
  }
});

test('where the files of a curated model differ from the list, they are believed and it is said', async (t) => {
  const curated = 'Alibaba-NLP/gte-modernbert-base';
  const hub = await testHub(t, [
    { repository: curated, files: tinyModelFiles('modernbert-v5', 'mean'), license: 'mit' },
  ]);
  const library = new ModelLibrary(path.join(temporaryFolder(t), 'models'));
  const service = new ModelService({ library });
  const access = { endpoint: hub.address, useProxy: false };
  const { model, notes } = await service.add({ repository: curated, commit, license: 'mit', access, task: '' });
  const said = notes.join('\n');
  assert.match(said, /pools by mean.*list says cls/);
  assert.match(said, /“ask: ”/);
  assert.match(said, /64 dimensions/);
  assert.match(said, /“mit”.*“apache-2\.0”/);
  assert.equal(library.folderOf(curated.toLowerCase()), model.directory);
});

test('a model in use is not removed; another is, with its bytes', async (t) => {
  const bed = await bench(t);
  const { model } = await bed.add();
  const guarded = new ModelService({ library: bed.library, inUse: () => model.directory });
  await rejectsWith('invalid_argument', guarded.remove(model.id), /in use/);
  await rejectsWith('invalid_argument', guarded.remove('sextant-embed-small'), /ships/);
  await rejectsWith('model_missing', guarded.remove('../models'));
  bed.library.select(repository);
  assert.equal(bed.library.selected(), model.directory);
  const { freedBytes } = await bed.service.remove(repository);
  assert.ok(freedBytes > weightBytes);
  assert.equal(existsSync(model.directory), false);
  assert.equal(bed.library.selected(), undefined);
});

test('a search finds what runs here', async (t) => {
  const hub = await testHub(t, [
    { repository: 'acme/tiny-embed', files: {}, license: 'mit' },
    { repository: 'acme/tiny-gpt', files: {}, tags: ['gpt2'] },
    { repository: 'acme/other', files: {} },
  ]);
  const service = new ModelService({ library: new ModelLibrary(temporaryFolder(t)) });
  const access = { endpoint: hub.address, useProxy: false };
  const { hits } = await service.search('tiny', access);
  assert.deepEqual(hits, [{ repository: 'acme/tiny-embed', downloads: 1000, license: 'mit' }]);
  assert.deepEqual((await service.search('nothing like it', access)).hits, []);
});
