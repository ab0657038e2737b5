import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, test, type TestContext } from 'node:test';
import type { CommandContext } from '../../../src/extension/commands/commandContext.ts';
import { EngineClient } from '../../../src/extension/engine/engineClient.ts';
import { defaultEngineSettings } from '../../../src/shared/protocol.ts';
import { testHub, type HubModel, type TestHub } from '../../support/hubServer.ts';
import { engineEntry } from '../../support/realEngine.ts';
import '../../support/registerFakeVscode.ts';
import { temporaryFolder } from '../../support/temporaryFolder.ts';
import { tinyBaseFiles, tinyModelFiles } from '../../support/tinyModel.ts';
import { zipArchive } from '../../support/zipArchive.ts';

const { selectModel } = await import('../../../src/extension/commands/selectModel.ts');
const { HubToken } = await import('../../../src/extension/secrets/hubToken.ts');
const { fake, resetFake, secrets, workspace } = await import('../../support/fakeVscode.ts');

const repository = 'acme/tiny-embed';

beforeEach(resetFake);

interface Manager {
  readonly hub: TestHub;
  readonly home: string;
  /** The setting that the command writes. */
  readonly path: () => string;
  /** Runs the command with these answers to its dialogs, in order. */
  readonly pick: (...answers: string[]) => Promise<void>;
}

/** The command over a real engine and a hub of this machine. */
async function manager(t: TestContext, model: Partial<HubModel> = {}): Promise<Manager> {
  const hub = await testHub(t, [{ repository, files: tinyModelFiles(), license: 'apache-2.0', ...model }]);
  const home = temporaryFolder(t);
  const path_ = (): string => (fake.configuration.get('sextant.model.path') as string | undefined) ?? '';
  fake.configuration.set('sextant.model.hubEndpoint', hub.address);
  fake.configuration.set('http.proxySupport', 'off');
  const engine = new EngineClient({
    launch: { entry: engineEntry },
    storageDir: path.join(home, 'indexes'),
    settings: defaultEngineSettings,
    onLog: () => undefined,
  });
  t.after(() => engine.dispose());
  const context = {
    engine,
    hubToken: new HubToken(secrets as unknown as ConstructorParameters<typeof HubToken>[0]),
    settings: () => ({ engine: { ...defaultEngineSettings, modelPath: path_() } }),
    log: { info: (text: string) => fake.log.push(text) },
  } as unknown as CommandContext;
  const pick = async (...answers: string[]): Promise<void> => {
    fake.answers.push(...answers);
    await selectModel(context);
    assert.deepEqual(fake.answers, [], 'every dialog was shown');
  };
  return { hub, home, path: path_, pick };
}

test('a model from the hub is downloaded after consent, switched to, left and removed', async (t) => {
  const { pick, path: setting, home } = await manager(t);
  fake.input = repository;
  await pick('$(globe) From the Hub…');
  assert.equal(setting(), '', 'without consent nothing happens');
  assert.match(fake.details.at(-1) ?? '', /Licence: apache-2\.0\nDownload: \d/);

  await pick('$(globe) From the Hub…', 'Accept and Download');
  assert.ok(setting().startsWith(path.join(home, 'indexes', 'models', 'acme--tiny-embed@')));
  assert.ok(existsSync(path.join(setting(), 'sextant.json')));
  assert.ok(fake.progress.some((message) => message === 'checking'));
  const directory = setting();

  await pick(`$(symbol-misc) ${repository}`);
  assert.match(fake.shown.at(-1) ?? '', /Remove a Model/);
  await pick('$(package) Embedded Default');
  assert.equal(setting(), '');
  await pick('$(trash) Remove a Model…', repository);
  assert.equal(existsSync(directory), false);
  assert.match(fake.shown.at(-1) ?? '', /freed/);
});

test('words are searched for on the hub', async (t) => {
  const { pick, path: setting } = await manager(t);
  fake.input = 'tiny';
  await pick('$(globe) From the Hub…', repository, 'Accept and Download');
  assert.match(setting(), /acme--tiny-embed@/);
});

test('a gated model asks for a token, which goes to the hub from the secret storage', async (t) => {
  const { pick, path: setting, hub } = await manager(t, { token: 'mine', gated: true });
  fake.input = repository;
  await assert.rejects(pick('$(globe) From the Hub…', 'Accept and Download'), { code: 'access_denied' });
  fake.input = ' mine ';
  await pick('$(key) Set Hub Token…');
  assert.deepEqual([...fake.secrets.values()], ['mine']);
  fake.input = repository;
  await pick('$(globe) From the Hub…', 'Accept and Download');
  assert.notEqual(setting(), '');
  assert.equal(hub.seen.at(-1)?.headers.authorization, 'Bearer mine');
});

test('a base is used only after a warning', async (t) => {
  const { pick, path: setting } = await manager(t, { files: tinyBaseFiles('bert') });
  fake.input = repository;
  await pick('$(globe) From the Hub…', 'Accept and Download');
  assert.equal(setting(), '');
  assert.match(fake.warnings.at(-1) ?? '', /fine-tuned/);
  await pick(`$(symbol-misc) ${repository}`, 'Use Anyway');
  assert.notEqual(setting(), '');
});

test('an archive is imported without a network', async (t) => {
  const { pick, path: setting, home, hub } = await manager(t);
  fake.chosenPath = path.join(home, 'tiny.zip');
  const entries = Object.entries(tinyModelFiles()).map(([name, data]) => ({ name, data }));
  writeFileSync(fake.chosenPath, zipArchive(entries));
  await pick('$(file-zip) From a Folder or Zip Archive…', 'Zip Archive');
  assert.ok(existsSync(path.join(setting(), 'model.safetensors')));
  assert.equal(hub.seen.length, 0);
});

test('Restricted Mode chooses among what is here and fetches nothing', async (t) => {
  const { pick, hub } = await manager(t);
  workspace.isTrusted = false;
  fake.input = repository;
  await assert.rejects(pick('$(globe) From the Hub…'), { code: 'workspace_untrusted' });
  await assert.rejects(pick('$(file-zip) From a Folder or Zip Archive…'), { code: 'workspace_untrusted' });
  await pick('$(package) Embedded Default');
  assert.equal(hub.seen.length, 0);
});
