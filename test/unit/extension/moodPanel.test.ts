import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { MoodPanel } from '../../../src/extension/views/moodPanel.ts';
import { SextantError } from '../../../src/shared/errors.ts';
import type { MoodReport, MoodRequest } from '../../../src/shared/mood.ts';
import type { HostToMood } from '../../../src/shared/moodPanel.ts';
import type { EngineMethod, EngineParams, EngineResults } from '../../../src/shared/protocol.ts';

const request: MoodRequest = { kinds: ['commit'], by: 'week', folder: '', listed: 5, byAuthor: false };
const report = { items: 1 } as MoodReport;

interface Asked {
  readonly method: EngineMethod;
  readonly signal: AbortSignal | undefined;
  readonly done: PromiseWithResolvers<unknown>;
}

class World {
  readonly asked: Asked[] = [];
  readonly sent: HostToMood[] = [];
  readonly errors: unknown[] = [];
  readonly opened: unknown[] = [];
  exportTo: string | undefined;
  now = 0;
  readonly panel = new MoodPanel(
    {
      request: <M extends EngineMethod>(method: M, _: EngineParams<M>, signal?: AbortSignal) => {
        const done = Promise.withResolvers<unknown>();
        signal?.addEventListener('abort', () => done.reject(signal.reason as Error));
        this.asked.push({ method, signal, done });
        return done.promise as Promise<EngineResults[M]>;
      },
      blocker: () => null,
      open: (item) => {
        this.opened.push(item);
        return Promise.resolve();
      },
      openFile: () => Promise.resolve(),
      exportFile: () => Promise.resolve(this.exportTo),
      run: () => Promise.resolve(),
      reportError: (error) => void this.errors.push(error),
    },
    () => this.now,
  );

  constructor() {
    this.panel.attach((message) => void this.sent.push(message));
  }

  last(method: EngineMethod): Asked {
    return this.asked.filter((one) => one.method === method).at(-1)!;
  }

  types(): string[] {
    return this.sent.splice(0).map(({ type }) => type);
  }
}

async function opened(): Promise<World> {
  const world = new World();
  await world.panel.receive({ type: 'ready' });
  void world.panel.receive({ type: 'load', id: 1, request });
  await setImmediate();
  return world;
}

describe('MoodPanel', () => {
  it('reads nothing before the view asks', async () => {
    const world = new World();
    world.panel.onHistory({ root: 'r', phase: 'reading', items: 0, commits: 0, embedded: 0, classified: 0 });
    await world.panel.receive({ type: 'ready' });
    assert.deepEqual(world.asked, []);
  });

  it('answers with a report, and has what waits classified once', async () => {
    const world = await opened();
    assert.deepEqual(
      world.asked.map(({ method }) => method),
      ['prepareMood', 'mood'],
    );
    world.last('mood').done.resolve(report);
    await setImmediate();
    assert.deepEqual(world.sent.at(-1), { type: 'report', id: 1, report });
    world.last('prepareMood').done.resolve({});
    await setImmediate();
    assert.deepEqual(world.types().slice(-2), ['progress', 'changed']);
    void world.panel.receive({ type: 'load', id: 2, request });
    await setImmediate();
    assert.equal(world.asked.filter(({ method }) => method === 'prepareMood').length, 1);
  });

  it('drops an answer that a newer request made stale', async () => {
    const world = await opened();
    const first = world.last('mood');
    void world.panel.receive({ type: 'load', id: 2, request: { ...request, by: 'month' } });
    await setImmediate();
    assert.equal(first.signal?.aborted, true);
    world.last('mood').done.resolve(report);
    await setImmediate();
    assert.deepEqual(
      world.sent.filter(({ type }) => type === 'report'),
      [{ type: 'report', id: 2, report }],
    );
  });

  it('tells progress, and to ask again now and then', async () => {
    const world = await opened();
    world.types();
    const status = { root: 'r', phase: 'classifying' as const, items: 10, commits: 10, embedded: 0, classified: 5 };
    world.panel.onHistory(status);
    world.panel.onHistory(status);
    assert.deepEqual(world.types(), ['progress', 'changed', 'progress']);
    world.now = 10_000;
    world.panel.onHistory(status);
    assert.deepEqual(world.types(), ['progress', 'changed']);
  });

  it('stops when hidden, and begins again when shown', async () => {
    const world = await opened();
    world.panel.detach();
    assert.equal(world.last('prepareMood').signal?.aborted, true);
    await world.panel.receive({ type: 'ready' });
    void world.panel.receive({ type: 'load', id: 1, request });
    await setImmediate();
    assert.equal(world.asked.filter(({ method }) => method === 'prepareMood').length, 2);
  });

  it('pauses and goes on when told to', async () => {
    const world = await opened();
    await world.panel.receive({ type: 'pause' });
    await setImmediate();
    assert.ok(world.sent.some((message) => message.type === 'progress' && message.progress.phase === 'paused'));
    void world.panel.receive({ type: 'load', id: 2, request });
    await setImmediate();
    assert.equal(world.asked.filter(({ method }) => method === 'prepareMood').length, 1);
    await world.panel.receive({ type: 'resume' });
    void world.panel.receive({ type: 'load', id: 3, request });
    await setImmediate();
    assert.equal(world.asked.filter(({ method }) => method === 'prepareMood').length, 2);
  });

  it('shows in the view what keeps a report from being made', async () => {
    const world = await opened();
    const error = new SextantError('model_missing', 'There is no model.');
    world.last('mood').done.reject(error);
    world.last('prepareMood').done.reject(error);
    await setImmediate();
    const failed = world.sent.filter(({ type }) => type === 'failed');
    assert.equal(failed.length, 2);
    assert.deepEqual(world.errors, []);
  });

  it('writes an export only where the user said', async () => {
    const world = await opened();
    const message = { type: 'export', filter: request, format: 'csv' };
    await world.panel.receive(message);
    assert.equal(
      world.asked.some(({ method }) => method === 'exportMood'),
      false,
    );
    world.exportTo = '/tmp/x.csv';
    void world.panel.receive(message);
    await setImmediate();
    assert.equal(world.asked.at(-1)?.method, 'exportMood');
  });

  it('answers nonsense, and reports what an action met', async () => {
    const world = await opened();
    await world.panel.receive({ type: 'load', id: 'x' });
    assert.equal(world.sent.at(-1)?.type, 'failed');
    const explaining = world.panel.receive({ type: 'explain', root: 'r', id: 1 });
    world.last('explainMood').done.reject(new Error('gone'));
    await explaining;
    assert.match(String(world.errors[0]), /gone/);
  });
});
