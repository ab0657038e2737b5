import assert from 'node:assert/strict';
import { test } from 'node:test';
import { agentSettingsSchema, withoutSecrets } from '../../../src/shared/agentSettings.ts';
import { defaultEngineSettings, type EngineSettings } from '../../../src/shared/protocol.ts';
import { defaultRemoteSettings } from '../../../src/shared/remote.ts';

test('settings that stand in a file hold no key, password or proxy login', () => {
  const settings: EngineSettings = {
    ...defaultEngineSettings,
    team: { url: 'postgres://ada:s3cret@db/x', repository: 'r', view: 'main', password: 's3cret' },
    remote: {
      ...defaultRemoteSettings,
      url: 'https://ada:s3cret@box.example/v1',
      model: 'm',
      apiKey: 's3cret',
      network: { proxy: 'http://ada:s3cret@proxy.example:3128', proxyAuthorization: 's3cret', strictSSL: false },
    },
  };
  const open = withoutSecrets(settings);
  assert.ok(!JSON.stringify(open).includes('s3cret'));
  assert.equal(open.team, undefined);
  assert.deepEqual(
    [open.remote?.url, open.remote?.model, open.remote?.network?.proxy, open.remote?.network?.strictSSL],
    ['https://box.example/v1', 'm', 'http://proxy.example:3128/', false],
  );
  assert.equal(settings.remote?.apiKey, 's3cret', 'what was given stays as it was');
  assert.doesNotThrow(() => agentSettingsSchema.parse({ settings: open, roots: [] }));
});

test('a proxy without a scheme loses its login too', () => {
  const proxyOf = (proxy: string) =>
    withoutSecrets({
      ...defaultEngineSettings,
      remote: {
        ...defaultRemoteSettings,
        url: 'https://box.example/v1',
        model: 'm',
        network: { proxy, strictSSL: true },
      },
    }).remote?.network?.proxy;
  assert.equal(proxyOf('ada:s3cret@proxy.example:3128'), 'http://proxy.example:3128/');
  assert.equal(proxyOf('proxy.example:3128'), 'proxy.example:3128');
  for (const odd of [
    'http://ada:s3#cret@proxy.example:3128',
    'ada:s3cret://x@proxy.example:3128',
    'ada:s3/cret@p:1',
    'ada:80#cret@p:1',
  ]) {
    assert.ok(!proxyOf(odd)!.includes('cret'), odd);
  }
});
