import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { defaultRemoteTiming } from '../../../../src/engine/remote/embeddingServer.ts';
import { RemoteEncoder } from '../../../../src/engine/remote/remoteEncoder.ts';
import { SextantError, type ErrorCode } from '../../../../src/shared/errors.ts';
import { defaultRemoteSettings, type RemoteSettings } from '../../../../src/shared/remote.ts';
import { FakeEmbeddingServer, type Fault, type FakeServerOptions } from '../../../support/fakeEmbeddingServer.ts';
import { fakeVector } from '../../../support/fakeEncoder.ts';
import { waitFor } from '../../../support/waitFor.ts';
import { plantedFiles } from '../../../support/plantedSecrets.ts';

const timing = { ...defaultRemoteTiming, firstDelayMs: 5, longestDelayMs: 40 };
/** Shorter than the server is slow. */
const impatient = { ...timing, documentMs: 800 };

function settingsFor(server: FakeEmbeddingServer, own: Partial<RemoteSettings> = {}): RemoteSettings {
  return { ...defaultRemoteSettings, url: server.url, model: 'm', network: { useProxy: false }, ...own };
}

async function connected(
  t: TestContext,
  options: FakeServerOptions = {},
  own: Partial<RemoteSettings> = {},
  patience = timing,
): Promise<{ server: FakeEmbeddingServer; encoder: RemoteEncoder }> {
  const server = await FakeEmbeddingServer.start(t, options);
  const encoder = await RemoteEncoder.connect(settingsFor(server, own), { timing: patience });
  t.after(() => encoder.dispose());
  return { server, encoder };
}

const texts = Array.from({ length: 40 }, (_, i) => `text ${i} ${'word '.repeat(i)}`);

function assertRight(embeddings: readonly Float32Array[], of: readonly string[] = texts): void {
  assert.equal(embeddings.length, of.length);
  for (const [i, text] of of.entries()) {
    const expected = fakeVector(text, 32);
    for (const [j, value] of embeddings[i]!.entries()) assert.ok(Math.abs(value - expected[j]!) < 1e-5, text);
  }
}

const failsWith = (code: ErrorCode) => (error: unknown) => error instanceof SextantError && error.code === code;

test('embeds in the order of the texts, normalised, in requests within the budget', async (t) => {
  const { server, encoder } = await connected(t, {}, { batchTokens: 300 });
  const { embeddings, tokens } = await encoder.embed(texts, 'document');
  assertRight(embeddings);
  assert.equal(tokens, texts.length * 7);
  assert.equal(encoder.dimension, 32);
  assert.ok(server.requests > 5);
});

for (const fault of ['shuffled', 'withoutIndex', 'base64'] satisfies Fault[]) {
  test(`understands answers of the kind «${fault}»`, async (t) => {
    const { encoder } = await connected(t, { fault: () => fault });
    assertRight((await encoder.embed(texts, 'document')).embeddings);
  });
}

for (const fault of [
  'slow',
  'drop',
  'dropMidway',
  'tooMany',
  'unavailable',
  'html',
  'tooFew',
  'notANumber',
] satisfies Fault[]) {
  test(`gets over a passing «${fault}»`, async (t) => {
    const patience = fault === 'slow' ? impatient : timing;
    const { encoder } = await connected(t, { fault: (request) => (request === 1 ? fault : 'good') }, {}, patience);
    assertRight((await encoder.embed(texts, 'document')).embeddings);
  });
}

const lasting: readonly (readonly [Fault, ErrorCode])[] = [
  ['wrongDimension', 'model_invalid'],
  ['tooFew', 'model_invalid'],
  ['tooManyVectors', 'model_invalid'],
  ['notANumber', 'model_invalid'],
  ['null', 'model_invalid'],
  ['zero', 'model_invalid'],
  ['sameIndex', 'model_invalid'],
  ['html', 'model_invalid'],
  ['denied', 'access_denied'],
  ['redirect', 'network'],
  ['tooMany', 'rate_limited'],
  ['drop', 'network'],
];
for (const [fault, code] of lasting) {
  test(`gives up on a lasting «${fault}» with a clear error`, async (t) => {
    const { encoder } = await connected(t, { fault: (request) => (request === 0 ? 'good' : fault) });
    await assert.rejects(encoder.embed(texts, 'document'), failsWith(code));
  });
}

test('refuses another model that answers after the line was down', async (t) => {
  let down = false;
  const { encoder } = await connected(t, {
    fault: (request) => (request === 1 ? ((down = true), 'drop') : down ? 'otherModel' : 'good'),
  });
  await assert.rejects(encoder.embed(texts, 'document'), failsWith('model_invalid'));
});

test('finds how many texts at once the server takes, and how long they may be', async (t) => {
  const { server, encoder } = await connected(t, { mostTexts: 8, longestText: 2000 });
  assertRight((await encoder.embed(texts, 'document')).embeddings);
  const before = server.requests;
  await encoder.embed(texts, 'document');
  // It was learnt: nothing is refused the second time.
  assert.equal(server.requests - before, texts.length / 5);
  const long = 'x y '.repeat(2000);
  assertRight((await encoder.embed([long], 'document')).embeddings, [long.slice(0, 2000)]);
});

test('sends no more at once than allowed, and less while the server complains', async (t) => {
  const { server, encoder } = await connected(t, {}, { batchTokens: 64, concurrency: 3 });
  await encoder.embed(texts, 'document');
  assert.ok(server.busiest <= 3 && server.busiest > 1, String(server.busiest));
});

test('ends at once when cancelled, with the reason', async (t) => {
  // The slow answers are good ones: whoever waits for them is not told of the end.
  const { server, encoder } = await connected(t, { fault: (request) => (request === 0 ? 'good' : 'slow') });
  const abort = new AbortController();
  const reason = new Error('enough');
  const embedded = encoder.embed(texts, 'document', { signal: abort.signal });
  void waitFor('a request', () => server.requests > 1).then(() => abort.abort(reason));
  await assert.rejects(embedded, reason);
});

test('takes the only model of the server, asks which where there are several', async (t) => {
  const { encoder } = await connected(t, { models: ['one'] }, { model: '' });
  assert.equal(encoder.name, 'one');
  const server = await FakeEmbeddingServer.start(t, { models: ['one', 'two'] });
  const several = RemoteEncoder.connect(settingsFor(server, { model: '' }), { timing });
  await assert.rejects(several, failsWith('model_missing'));
});

test('fingerprints differ by server, model, dimension and prefix', async (t) => {
  const { encoder, server } = await connected(t);
  const others = [settingsFor(server, { model: 'n' }), settingsFor(server, { documentPrefix: 'passage: ' })];
  const other = await FakeEmbeddingServer.start(t, { dimension: 16 });
  others.push(settingsFor(other));
  const prints = new Set([encoder.fingerprint]);
  for (const settings of others) {
    const another = await RemoteEncoder.connect(settings, { timing });
    prints.add(another.fingerprint);
    await another.dispose();
  }
  assert.equal(prints.size, 4);
});

test('sends the key to the server, and says when it is wrong', async (t) => {
  const { encoder, server } = await connected(t, { key: 'k1' }, { apiKey: 'k1' });
  assertRight((await encoder.embed(texts, 'document')).embeddings);
  await assert.rejects(
    RemoteEncoder.connect(settingsFor(server, { apiKey: 'k2' }), { timing }),
    failsWith('access_denied'),
  );
});

test('sends no secret, as document or as question', async (t) => {
  const { encoder, server } = await connected(t);
  for (const { text, secret } of plantedFiles()) {
    for (const kind of ['document', 'query'] as const) {
      await assert.rejects(encoder.embed(['harmless', text], kind), failsWith('secret_withheld'));
    }
    assert.ok(!server.received.some((received) => received.includes(secret)));
  }
});

test('refuses addresses that are none or carry a password', async () => {
  for (const url of ['gpu-box:8080', 'ftp://gpu-box', 'http://user:pw@gpu-box/v1']) {
    await assert.rejects(RemoteEncoder.connect({ ...defaultRemoteSettings, url }), failsWith('invalid_argument'));
  }
});
