import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import { beforeEach, describe, it, type TestContext } from 'node:test';
import { pathToFileURL } from 'node:url';
import { entryFile, liveEngines, writeEntry, type EngineEntry } from '../../../../src/engine/share/engineEntry.ts';
import { EngineLink } from '../../../../src/engine/share/engineLink.ts';
import { EngineShare, type EngineShareOptions } from '../../../../src/engine/share/engineShare.ts';
import { runtimeFolder, securedFolder, socketAddress } from '../../../../src/engine/share/runtimeFolder.ts';
import { SextantError } from '../../../../src/shared/errors.ts';
import { defaultEngineSettings } from '../../../../src/shared/protocol.ts';
import { defaultRemoteSettings } from '../../../../src/shared/remote.ts';
import type { SearchResponse } from '../../../../src/shared/search.ts';
import { temporaryFolder } from '../../../support/temporaryFolder.ts';
import { waitFor } from '../../../support/waitFor.ts';

const signal = new AbortController().signal;
const answer: SearchResponse = {
  query: 'x',
  mode: 'keyword',
  tookMs: { embed: 0, search: 1, total: 1 },
  results: [],
  more: false,
  embeddedShare: 1,
};
const search = { query: 'x', mode: 'keyword', limit: 1, filters: {} } as const;

let folder: string;
beforeEach((t) => {
  folder = path.join(temporaryFolder(t as TestContext), 'run');
  process.env['SEXTANT_RUNTIME_DIR'] = folder;
});

type FakeEngine = EngineShareOptions['engine'];

function engine(parts: Partial<FakeEngine> = {}): FakeEngine {
  return {
    search: () => Promise.resolve(answer),
    similar: () => Promise.resolve(answer),
    duplicates: () => Promise.resolve({ groups: [], embeddedShare: 1 }),
    status: () => ({ paused: false, roots: [] }),
    reindex: () => Promise.resolve(),
    whenIdle: () => Promise.resolve([]),
    ...parts,
  };
}

async function share(
  t: TestContext,
  parts: Partial<FakeEngine> = {},
  more: Partial<EngineShareOptions> = {},
): Promise<EngineShare> {
  const shared = new EngineShare({
    engine: engine(parts),
    kind: 'window',
    storageDir: '/storage',
    settings: defaultEngineSettings,
    ...more,
  });
  t.after(() => shared.dispose());
  await shared.setRoots([{ uri: pathToFileURL(folder).href, path: folder, name: 'run' }]);
  return shared;
}

function onlyEntry(): EngineEntry {
  const found = liveEngines(folder);
  assert.equal(found.length, 1);
  return found[0]!.entry;
}

describe('an engine that is shared', () => {
  it('is found by its entry and answers', async (t) => {
    await share(t);
    const entry = onlyEntry();
    assert.equal(entry.pid, process.pid);
    assert.deepEqual(
      entry.roots.map(({ path: root }) => root),
      [folder],
    );
    const link = await EngineLink.open(entry);
    t.after(() => link.dispose());
    assert.deepEqual(await link.request('search', search, signal), answer);
    assert.deepEqual(await link.request('status', {}, signal), { paused: false, roots: [] });
  });

  it('is the owner’s alone: folder, entry and socket', { skip: process.platform === 'win32' }, async (t) => {
    await share(t);
    const { address } = onlyEntry();
    const modes = [folder, ...fs.readdirSync(folder).map((name) => path.join(folder, name)), address];
    for (const file of modes) assert.equal(fs.statSync(file).mode & 0o077, 0, file);
  });

  it('turns away who does not know the token', async (t) => {
    let asked = 0;
    await share(t, { search: () => ((asked += 1), Promise.resolve(answer)) });
    const entry = onlyEntry();
    for (const token of ['', 'x'.repeat(entry.token.length)]) {
      await assert.rejects(EngineLink.open({ ...entry, token }), { code: 'protocol_mismatch' });
    }
    const socket = net.connect(entry.address);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'search', params: search });
    let reply = '';
    socket.on('data', (data) => (reply += data.toString()));
    socket.write(`Content-Length: ${body.length}\r\n\r\n${body}`);
    await waitFor('the refusal', () => reply.includes('engine_unavailable'));
    socket.destroy();
    assert.equal(asked, 0);
  });

  it('is left alone by another version', async (t) => {
    await share(t);
    const entry = onlyEntry();
    await assert.rejects(EngineLink.open({ ...entry, protocolVersion: entry.protocolVersion + 1 }), {
      code: 'protocol_mismatch',
    });
  });

  it('answers bad requests with errors, and passes on those of the engine', async (t) => {
    const failing = (): never => {
      throw new SextantError('database_busy', 'Busy.', { hint: 'Wait.' });
    };
    await share(t, { search: failing });
    const link = await EngineLink.open(onlyEntry());
    t.after(() => link.dispose());
    await assert.rejects(link.request('search', search, signal), {
      code: 'database_busy',
      message: 'Busy.',
      hint: 'Wait.',
    });
    await assert.rejects(link.request('search', { ...search, limit: 0 }, signal), { code: 'invalid_argument' });
  });

  it('stops work whose asker has gone or changed its mind', async (t) => {
    const signals: AbortSignal[] = [];
    const never = (_request: unknown, working: AbortSignal): Promise<never> => {
      signals.push(working);
      return new Promise((_resolve, reject) => {
        working.addEventListener('abort', () => reject(working.reason as Error), { once: true });
      });
    };
    await share(t, { search: never });
    const link = await EngineLink.open(onlyEntry());
    t.after(() => link.dispose());
    const abort = new AbortController();
    const asked = link.request('search', search, abort.signal);
    await waitFor('the work', () => signals.length === 1);
    abort.abort(new Error('enough'));
    await assert.rejects(asked, /enough/);
    await waitFor('the end of the work', () => signals[0]!.aborted);
  });

  it('tells who waits when it ends, and leaves nothing behind', async (t) => {
    const shared = await share(t, { search: () => new Promise(() => undefined) });
    const link = await EngineLink.open(onlyEntry());
    const waiting = link.request('search', search, signal);
    shared.dispose();
    await assert.rejects(waiting, { code: 'engine_unavailable' });
    await waitFor('the link to notice', () => !link.alive);
    await assert.rejects(link.request('status', {}, signal), { code: 'engine_unavailable' });
    assert.deepEqual(fs.readdirSync(folder), []);
  });

  it('keeps keys and passwords to itself', async (t) => {
    const shared = await share(t);
    await shared.setSettings({
      ...defaultEngineSettings,
      remote: { ...defaultRemoteSettings, url: 'https://me:tell-nobody@example.org/v1', apiKey: 'tell-nobody-either' },
      team: { url: 'postgres://me:hush@db/team', password: 'hush-hush', repository: '', view: 'main' },
    });
    const [name] = fs.readdirSync(folder).filter((file) => file.endsWith('.json'));
    const text = fs.readFileSync(path.join(folder, name!), 'utf8');
    assert.match(text, /example\.org/);
    assert.doesNotMatch(text, /tell-nobody|hush/);
    assert.equal(onlyEntry().settings.remote?.url, 'https://example.org/v1');
  });

  it('goes without where the folder is somebody else’s', { skip: process.platform === 'win32' }, async (t) => {
    const warnings: string[] = [];
    const elsewhere = path.join(temporaryFolder(t), 'link');
    fs.symlinkSync('/', elsewhere);
    process.env['SEXTANT_RUNTIME_DIR'] = elsewhere;
    await share(t, {}, { onLog: ({ message }) => warnings.push(message) });
    assert.match(warnings.join(), /belongs to somebody else/);
    assert.throws(() => securedFolder(elsewhere), { code: 'engine_unavailable' });
  });
});

describe('the list of live engines', () => {
  const entry = (pid: number, kind: EngineEntry['kind']): EngineEntry => ({
    protocolVersion: 1,
    pid,
    kind,
    address: path.join(folder, `${pid}.sock`),
    token: 't',
    storageDir: '/storage',
    settings: defaultEngineSettings,
    roots: [],
  });

  it('has windows first, and passes over what cannot be read', () => {
    securedFolder(folder);
    writeEntry(entryFile(folder, 'a'), entry(process.pid, 'agent'));
    writeEntry(entryFile(folder, 'b'), entry(process.pid, 'window'));
    fs.writeFileSync(entryFile(folder, 'c'), '{"pid":');
    fs.writeFileSync(entryFile(folder, 'd'), '{"pid":"x"}');
    assert.deepEqual(
      liveEngines(folder).map(({ entry: found }) => found.kind),
      ['window', 'agent'],
    );
    assert.deepEqual(liveEngines(path.join(folder, 'none')), []);
  });

  it('clears away what a killed process left', () => {
    securedFolder(folder);
    const { pid } = spawnSync(process.execPath, ['--version']);
    const gone = entry(pid, 'window');
    writeEntry(entryFile(folder, 'gone'), gone);
    fs.writeFileSync(gone.address, '');
    assert.deepEqual(liveEngines(folder), []);
    assert.deepEqual(fs.readdirSync(folder), []);
  });
});

describe('the runtime folder', () => {
  it('is where the system keeps such things, or what the user says', () => {
    assert.equal(runtimeFolder({ SEXTANT_RUNTIME_DIR: '/somewhere' }, 'linux'), path.resolve('/somewhere'));
    assert.match(runtimeFolder({}, 'linux'), /sextant.run$/);
    assert.match(runtimeFolder({}, 'darwin'), /Application Support/);
    assert.match(runtimeFolder({ LOCALAPPDATA: '/local' }, 'win32'), /local.sextant.run$/);
  });

  it('gives an address that the system takes, however long its name', { skip: process.platform === 'win32' }, () => {
    assert.ok(Buffer.byteLength(socketAddress(`/home/${'x'.repeat(150)}/run`, '1-a')) <= 103);
    assert.equal(socketAddress('/home/me/run', '1-a'), '/home/me/run/1-a.sock');
  });
});
