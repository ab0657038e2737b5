import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import '../../support/registerFakeVscode.ts';

const { readHubAccess } = await import('../../../src/extension/config/hubAccess.ts');
const { progressText } = await import('../../../src/extension/models/installModel.ts');
const { fake, resetFake } = await import('../../support/fakeVscode.ts');

beforeEach(resetFake);

test('VS Code’s proxy and certificate settings go to the engine', () => {
  const settings = {
    'http.proxy': 'http://proxy:8080',
    'http.proxyAuthorization': 'Basic x',
    'http.noProxy': ['intranet'],
    'http.proxyStrictSSL': false,
    'http.systemCertificates': false,
    'sextant.model.hubEndpoint': 'https://mirror.example',
  };
  for (const [key, value] of Object.entries(settings)) fake.configuration.set(key, value);
  assert.deepEqual(readHubAccess('secret'), {
    endpoint: 'https://mirror.example',
    token: 'secret',
    proxy: 'http://proxy:8080',
    proxyAuthorization: 'Basic x',
    noProxy: ['intranet'],
    useProxy: true,
    strictSSL: false,
    systemCertificates: false,
  });
});

test('without settings the engine’s environment decides; proxySupport “off” goes around every proxy', () => {
  const { useProxy, strictSSL, systemCertificates, proxy } = readHubAccess(undefined);
  assert.deepEqual([useProxy, strictSSL, systemCertificates, proxy], [true, true, true, undefined]);
  fake.configuration.set('http.proxySupport', 'off');
  assert.equal(readHubAccess(undefined).useProxy, false);
});

test('progress says how much, how fast and how long still', () => {
  const bytes = { task: '', doneBytes: 412e6, totalBytes: 597e6 };
  assert.equal(
    progressText({ ...bytes, phase: 'downloading', bytesPerSecond: 23.4e6, etaSeconds: 7.9 }),
    '412 MB of 597 MB · 23 MB/s · 8 s left',
  );
  assert.equal(
    progressText({ ...bytes, phase: 'downloading', bytesPerSecond: 0.5e6, etaSeconds: 370 }),
    '412 MB of 597 MB · 0.5 MB/s · 7 min left',
  );
  assert.equal(progressText({ ...bytes, phase: 'waiting', detail: 'cut' }), '412 MB of 597 MB · cut');
  assert.equal(progressText({ ...bytes, phase: 'checking' }), 'checking');
});
